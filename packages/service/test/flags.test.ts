import { Command } from "commander";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { wholeNumber } from "../src/options/fields.js";
import { addFlags, nameIn } from "../src/options/flags.js";
import { withRequired } from "../src/options/required.js";
import { freshNodeName, nodeName } from "../src/options/service-options.js";
import { readVersion } from "../src/version.js";

describe("flags", () => {
  const command = () =>
    addFlags(new Command("x"), [
      ["--redis <url>", "where", "NIGHTBEAM_REDIS_URL"],
      ["--lock-ms <ms>", "how long"],
    ]);
  afterEach(() => {
    delete process.env.NIGHTBEAM_LOCK_MS;
  });

  it("have a variable each, and win over it", () => {
    process.env.NIGHTBEAM_LOCK_MS = "5";
    expect(command().options.map(({ envVar }) => envVar)).toEqual([
      "NIGHTBEAM_REDIS_URL",
      "NIGHTBEAM_LOCK_MS",
    ]);
    expect(command().parse([], { from: "user" }).opts()).toEqual({ lockMs: "5" });
    expect(command().parse(["--lock-ms", "7"], { from: "user" }).opts()).toEqual({ lockMs: "7" });
  });

  it("are called by where their value came from", () => {
    process.env.NIGHTBEAM_LOCK_MS = "5";
    expect(nameIn(command().parse([], { from: "user" }))("lockMs")).toBe("NIGHTBEAM_LOCK_MS");
    const typed = command().parse(["--lock-ms", "7"], { from: "user" });
    expect(["lockMs", "redis", "notThere"].map(nameIn(typed))).toEqual([
      "--lock-ms",
      "--redis",
      "--not-there",
    ]);
  });
});

describe("the help of a command", () => {
  it("marks what its schema does not do without, once", () => {
    const schema = z
      .object({ redis: z.string(), lockMs: wholeNumber(0).default(5), name: z.string().optional() })
      .transform((options) => ({ ...options, name: options.name ?? "x" }));
    const command = addFlags(new Command("x"), [
      ["--redis <url>", "where"],
      ["--lock-ms <ms>", "how long"],
      ["--name <name>", "who"],
    ]);
    const marked = withRequired(withRequired(command, schema), schema);
    expect(marked.options.map(({ description }) => description)).toEqual([
      "where (required)",
      "how long",
      "who",
    ]);
  });
});

describe("a node's name", () => {
  it("is new every time, and one that may be given", () => {
    const names = [freshNodeName(), freshNodeName()];
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(nodeName.parse(name)).toBe(name);
  });
});

describe("a version", () => {
  it("is what the package.json says", async () => {
    const version = await readVersion(new URL("../package.json", import.meta.url));
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
