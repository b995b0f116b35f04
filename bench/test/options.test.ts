import { parseOptions } from "@nightbeam/service";
import { describe, expect, it } from "vitest";
import { benchClusterOptions } from "../src/cluster/options.js";
import { benchCommand } from "../src/commands/bench.js";
import { benchSchema } from "../src/options.js";

const NEEDED = { target: "t", catalogue: "c", histories: "h" };

describe("bench options", () => {
  it("reads lists", () => {
    const flags = { beamWidth: "5,10", batchSize: "1", draftWidth: "40,60/40/30,auto" };
    expect(parseOptions(benchSchema, { ...NEEDED, ...flags })).toMatchObject({
      beamWidth: [5, 10],
      batchSize: [1],
      draftWidth: ["40", "60/40/30", "auto"],
    });
  });

  it("names the flag of a bad list", () => {
    expect(() => parseOptions(benchSchema, { ...NEEDED, beamWidth: "5,x" })).toThrow(
      "--beam-width 5,x: give a whole number of at least 1",
    );
    expect(() => parseOptions(benchSchema, { ...NEEDED, draftWidth: "40-30" })).toThrow(
      "--draft-width 40-30: give widths such as 40, 60/40/30 or auto",
    );
  });
});

describe("bench cluster options", () => {
  it("reads draft widths", () => {
    const widthOf = (draftWidth: string) =>
      benchClusterOptions({ ...NEEDED, draftWidth }).draftWidth;
    expect(benchClusterOptions(NEEDED).draftWidth).toBe("auto");
    expect(widthOf("auto")).toBe("auto");
    expect(widthOf("40")).toEqual([40]);
    expect(widthOf("60,40,30")).toEqual([60, 40, 30]);
    expect(() => widthOf("4,,2")).toThrow("--draft-width 4,,2: give auto, one width");
  });
});

describe("the command", () => {
  const command = benchCommand({
    clusters: {
      ownCommand: () => ({ command: "never", args: [], env: {} }),
      start: () => Promise.reject(new Error("no cluster is wanted")),
    },
  });

  it("marks what is required", () => {
    const marked = command.options.filter(({ description }) => description.endsWith("(required)"));
    expect(marked.map((option) => option.attributeName())).toEqual([
      "target",
      "catalogue",
      "histories",
    ]);
  });

  it("has a key for every flag, and a flag for every key", () => {
    const keys = command.options.map((option) => option.attributeName());
    expect(keys.toSorted()).toEqual(Object.keys(benchSchema.shape).toSorted());
  });
});
