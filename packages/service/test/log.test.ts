import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { silentLog } from "../src/log/log.js";
import type { LogOptions } from "../src/log/open-log.js";
import { openLog } from "../src/log/open-log.js";

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const sink = { write: (line: string) => lines.push(line) };
  const log = openLog({
    service: "verifier",
    level: "info",
    format: "json",
    color: false,
    sink,
    ...options,
  });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? "null") };
}

class BrokenError extends Error {
  override readonly name = "BrokenError";
  readonly code = "BROKEN";
}

describe("JSON lines", () => {
  it("have level, time, service, message and fields, and end with a newline", () => {
    const { log, lines, last } = capture();
    log.warn({ shard: 7, waitMs: 1.5 }, "slow");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/}\n$/);
    expect(last()).toMatchObject({
      level: "warn",
      service: "verifier",
      msg: "slow",
      shard: 7,
      waitMs: 1.5,
    });
    expect(new Date(last().time).toISOString()).toBe(last().time);
    expect(last()).not.toHaveProperty("hostname");
  });

  it("below the level are not written, and their fields are not read", () => {
    const { log, lines } = capture();
    const fields = {
      get costly(): string {
        throw new Error("looked at");
      },
    };
    log.debug(fields, "nothing");
    expect(lines).toEqual([]);
    const mute = capture({ level: "silent" });
    mute.log.error({}, "nothing");
    expect(mute.lines).toEqual([]);
  });

  it("of a child carry its fields, without changing the parent", () => {
    const { log, last } = capture();
    log.child({ run: "r1" }).child({ shard: 2, token: "s3cr3t" }).info({ calls: 3 }, "done");
    expect(last()).toMatchObject({ run: "r1", shard: 2, calls: 3, token: "[redacted]" });
    log.info({}, "alone");
    expect(last()).not.toHaveProperty("run");
  });

  it("give errors with type, code, message, stack and cause", () => {
    const { log, last } = capture();
    const cause = new BrokenError("redis://:s3cr3t@redis:6379 refused");
    log.error({ error: new Error("outer", { cause }) }, "failed");
    expect(last().error).toMatchObject({
      type: "Error",
      message: "outer",
      cause: {
        type: "BrokenError",
        code: "BROKEN",
        message: "redis://[redacted]@redis:6379 refused",
      },
    });
    expect(last().error.stack).toContain("log.test.ts");
    log.error(cause, "an error as the fields");
    expect(last().error).toMatchObject({ code: "BROKEN" });
    log.error({ err: cause }, "the short name");
    expect(last().err).toMatchObject({ type: "BrokenError", code: "BROKEN" });
    expect(JSON.stringify(last())).not.toContain("s3cr3t");
  });

  it("can have cycles, large values and unusual ones", () => {
    const { log, last } = capture();
    const circle: Record<string, unknown> = { name: "circle" };
    circle.self = circle;
    log.info({ circle, bytes: new Uint8Array(32), at: new Date(0), none: undefined }, "odd");
    expect(last()).toMatchObject({ bytes: "[32 bytes]", at: "1970-01-01T00:00:00.000Z" });
    log.info({ map: new Map([["password", "x"]]), set: new Set([1]), bad: new Date(NaN) }, "odd");
    expect(last()).toMatchObject({ map: { password: "[redacted]" }, set: [1], bad: null });
  });
});

describe("secrets", () => {
  it("are hidden under their keys, while load figures stay", () => {
    const { log, last } = capture();
    const fields = {
      token: "a",
      accessToken: "b",
      NIGHTBEAM_TOKEN: "c",
      headers: { Authorization: "Bearer d", accept: "json" },
      nested: [{ deeper: { password: "e" } }],
      secretAccessKey: "f",
      waitingTokens: 12,
      tokens: 3,
      tokenMs: 0.5,
    };
    log.info(fields, "request");
    expect(last()).toMatchObject({
      token: "[redacted]",
      accessToken: "[redacted]",
      NIGHTBEAM_TOKEN: "[redacted]",
      headers: { Authorization: "[redacted]", accept: "json" },
      nested: [{ deeper: { password: "[redacted]" } }],
      secretAccessKey: "[redacted]",
      waitingTokens: 12,
      tokens: 3,
      tokenMs: 0.5,
    });
    expect(fields.nested[0]?.deeper.password).toBe("e");
  });

  it.each([
    ["redis://user:s3cr3t@host:6379/0", "redis://[redacted]@host:6379/0"],
    ["nats://s3cr3t@host:4222", "nats://[redacted]@host:4222"],
    ["redis://:s3/cr3t@host", "redis://[redacted]@host"],
    ["http://host/runs?token=s3cr3t&x=1", "http://host/runs?token=[redacted]&x=1"],
    ["https://b.s3/x?X-Amz-Signature=s3cr3t", "https://b.s3/x?X-Amz-Signature=[redacted]"],
    ["sent authorization: Bearer s3cr3t.s3cr3t", "sent authorization: Bearer [redacted]"],
    ["http://host:80/a and http://b/c", "http://host:80/a and http://b/c"],
    ["a@b is no address", "a@b is no address"],
  ])("are hidden in texts: %s", (text, expected) => {
    const { log, last } = capture();
    log.info({ text, list: [text] }, text);
    expect(last()).toMatchObject({ text: expected, list: [expected], msg: expected });
  });

  it("are never written, at any depth", () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9]{12,20}$/);
    fc.assert(
      fc.property(secret, fc.integer({ min: 0, max: 4 }), (value, depth) => {
        const { log, lines } = capture();
        const url = `redis://u:${value}@h:1`;
        let fields: object = { password: value, url, error: new Error(url) };
        for (let level = 0; level < depth; level++) fields = { inner: [fields] };
        log.child(fields).error(fields, url);
        expect(lines.join("")).not.toContain(value);
      }),
    );
  });
});

describe("pretty lines", () => {
  it("are written at once, with service, message, fields and the error's code", () => {
    const { log, lines } = capture({ format: "pretty" });
    log.error({ shard: 7, error: new BrokenError("no") }, "failed");
    const text = lines.join("");
    expect(text).toMatch(/ERROR/);
    expect(text).toContain("verifier: failed");
    expect(text).toContain('"shard":7');
    expect(text).toContain("BROKEN");
    expect(text).toMatch(/\n$/);
  });
});

describe("a log on standard error", () => {
  it.each(["json", "pretty"])("loses nothing when the process exits (%s)", (format) => {
    const script = `
      import { openLog } from "@nightbeam/service/log";
      const log = openLog({ service: "s", level: "info", format: "${format}" });
      log.info({}, "last word");
      process.exit(3);
    `;
    const child = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: import.meta.dirname,
      encoding: "utf8",
    });
    expect(child.status).toBe(3);
    expect(child.stdout).toBe("");
    expect(child.stderr).toContain("last word");
  });
});

it("the silent log writes nothing and has silent children", () => {
  expect(silentLog.child({ a: 1 })).toBe(silentLog);
  expect(() => silentLog.error({}, "x")).not.toThrow();
});
