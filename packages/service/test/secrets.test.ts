import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { addFlags, nameIn, secretsIn } from "../src/options/flags.js";
import { parseOptions } from "../src/options/parse-options.js";

const directory = mkdtempSync(join(tmpdir(), "nightbeam-secrets-"));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function file(content: string, mode = 0o600): string {
  const path = join(directory, `secret-${files++}`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

const [VARIABLE, FILE] = ["NIGHTBEAM_REDIS_URL", "NIGHTBEAM_REDIS_URL_FILE"] as const;

/** The value of a secret, its name in messages, and the warnings. */
async function parse(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  Object.assign(process.env, env);
  const warnings: string[] = [];
  const flags = [{ flag: "--redis <url>", meaning: "where", variable: VARIABLE, isSecret: true }];
  const command = addFlags(new Command("x"), flags, (line) => warnings.push(line));
  command.action(() => undefined);
  await command.parseAsync(args, { from: "user" });
  return { value: command.opts().redis, name: nameIn(command)("redis"), warnings, command };
}

describe("a secret", () => {
  afterEach(() => {
    for (const name of [VARIABLE, FILE]) delete process.env[name];
  });

  it.each([
    ["s3cret", "s3cret"],
    ["s3cret\n", "s3cret"],
    ["s3cret\r\n", "s3cret"],
    [" with spaces ", " with spaces "],
  ])("comes from a file: %j", async (content, value) => {
    const path = file(content);
    expect(await parse([], { [FILE]: path })).toMatchObject({ value, name: FILE, warnings: [] });
    delete process.env[FILE];
    expect(await parse(["--redis-file", path])).toMatchObject({ value, name: "--redis-file" });
  });

  it("is given once: a flag beats a variable, and two of a kind are an error", async () => {
    const path = file("filed");
    const value = async (args: string[], env = {}) => (await parse(args, env)).value;
    expect(await value(["--redis", "typed"], { [FILE]: path })).toBe("typed");
    expect(await value([], { [VARIABLE]: "", [FILE]: path })).toBe("filed");
    delete process.env[FILE];
    expect(await value(["--redis-file", path], { [VARIABLE]: "set" })).toBe("filed");
    await expect(parse([], { [VARIABLE]: "set", [FILE]: path })).rejects.toThrow(
      `${VARIABLE} and ${FILE} are both set`,
    );
    await expect(parse(["--redis", "typed", "--redis-file", path])).rejects.toThrow(
      "--redis and --redis-file are both set",
    );
  });

  it.each([
    ["a missing file", () => join(directory, "none"), /cannot be read: ENOENT/],
    ["a directory", () => directory, /is not a regular file/],
    ["a device", () => "/dev/zero", /is not a regular file/],
    ["an empty file", () => file("\n"), /is empty/],
    ["two lines", () => file("s3cr1\ns3cr2\n"), /several lines/],
    ["a file of another kind", () => file("x".repeat(1_100_000)), /more than 1024 KiB/],
  ])("is refused by the name of its file, not its content: %s", async (_, make, message) => {
    const path = make();
    const error = await parse([], { [FILE]: path }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "UsageError", code: "BAD_OPTION" });
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain(`${FILE} ${path} `);
    expect(String(error)).not.toMatch(/s3cr|xxx/);
  });

  it("has a warning if every user of the machine can read it", async () => {
    const path = file("filed", 0o644);
    expect((await parse([], { [FILE]: path })).warnings).toEqual([
      `${FILE} ${path} is open to every user of this machine. Run chmod 600 ${path}.`,
    ]);
    expect((await parse([], { [FILE]: file("filed", 0o640) })).warnings).toEqual([]);
  });

  it("is not shown if it is invalid", async () => {
    const { command } = await parse(["--redis", "s3cret"]);
    const schema = z.object({ redis: z.url("give a URL") });
    const options = { isSecret: secretsIn(command) };
    expect(() => parseOptions(schema, command.opts(), options)).toThrow(/^--redis: give a URL$/);
  });
});
