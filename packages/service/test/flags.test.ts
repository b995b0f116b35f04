import { Command } from "commander";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { wholeNumber } from "../src/options/fields.js";
import { addFlags, nameIn, replaceDeprecated } from "../src/options/flags.js";
import { withRequired } from "../src/options/required.js";
import { freshNodeName, nodeName } from "../src/options/service-options.js";
import { readVersion } from "../src/version.js";

describe("flags", () => {
  const command = () =>
    addFlags(new Command("x"), [
      { flag: "--redis <url>", meaning: "where", variable: "NIGHTBEAM_REDIS_URL" },
      { flag: "--lock-ms <ms>", meaning: "how long" },
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

  it("are named by the source of their value", () => {
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

describe("former names of a flag", () => {
  const variables = ["NIGHTBEAM_BATCHES", "NIGHTBEAM_LANES"] as const;
  afterEach(() => {
    for (const name of variables) delete process.env[name];
  });

  /** The value of the option, its name in messages, and the warnings. */
  const parse = (args: readonly string[], env: Record<string, string> = {}) => {
    Object.assign(process.env, env);
    const flag = "--batches <n>";
    const aliases = ["lanes"];
    const command = addFlags(new Command("x"), [{ flag, meaning: "batches", aliases }]);
    command.parse(args, { from: "user" });
    const deprecated = replaceDeprecated(command).map(({ used, use }) => `${used} -> ${use}`);
    return { value: command.opts().batches, name: nameIn(command)("batches"), deprecated };
  };

  it("work, and say what to use instead", () => {
    expect(parse(["--lanes", "5"])).toEqual({
      value: "5",
      name: "--lanes",
      deprecated: ["--lanes -> --batches"],
    });
    expect(parse([], { NIGHTBEAM_LANES: "6" })).toEqual({
      value: "6",
      name: "NIGHTBEAM_LANES",
      deprecated: ["NIGHTBEAM_LANES -> NIGHTBEAM_BATCHES"],
    });
  });

  it("are overridden by the current name, as a flag or a variable", () => {
    expect(parse(["--lanes", "5", "--batches", "7"])).toMatchObject({
      value: "7",
      name: "--batches",
      deprecated: ["--lanes -> --batches"],
    });
    expect(parse(["--lanes", "5"], { NIGHTBEAM_BATCHES: "8" })).toMatchObject({
      value: "8",
      name: "NIGHTBEAM_BATCHES",
    });
  });

  it("count as not given if they are empty, as the current name does", () => {
    expect(parse([], { NIGHTBEAM_LANES: "" })).toMatchObject({ deprecated: [] });
    expect(parse(["--lanes", "5"], { NIGHTBEAM_BATCHES: "" })).toMatchObject({
      value: "5",
    });
  });

  it("are not in the help", () => {
    const command = addFlags(new Command("x"), [
      { flag: "--batches <n>", meaning: "batches", aliases: ["lanes"] },
    ]);
    expect(command.helpInformation()).toContain("--batches");
    expect(command.helpInformation()).not.toContain("lanes");
  });
});

describe("the help of a command", () => {
  it("marks what its schema requires, once", () => {
    const schema = z
      .object({ redis: z.string(), lockMs: wholeNumber(0).default(5), name: z.string().optional() })
      .transform((options) => ({ ...options, name: options.name ?? "x" }));
    const command = addFlags(new Command("x"), [
      { flag: "--redis <url>", meaning: "where" },
      { flag: "--lock-ms <ms>", meaning: "how long" },
      { flag: "--name <name>", meaning: "who" },
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
