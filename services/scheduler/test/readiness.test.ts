import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { readiness } from "../src/readiness.js";
import { memoryFiles } from "./support/memory-files.js";

describe("a scheduler", () => {
  const redis = new Redis({ port: 1, lazyConnect: true, enableOfflineQueue: false });
  redis.on("error", () => undefined);
  afterAll(() => redis.disconnect());
  const queues = { redis, prefix: "{nightbeam}" };

  it("is not ready without its store, Redis and NATS, and says what is missing", async () => {
    const files = memoryFiles();
    files.fails = true;
    const control = { connected: false };
    const ready = readiness({ files, queues, control, freshMs: 0 });
    const [one, other] = await Promise.all([ready(), ready()]);
    expect(one).toBe(other);
    expect(one).toEqual([
      "The state store memory cannot be used: no space left on device.",
      expect.stringMatching(/^Redis does not answer: connect ECONNREFUSED/),
      "NATS is not connected.",
    ]);
    files.fails = false;
    control.connected = true;
    expect(await ready()).toHaveLength(1);
  });

  it("is not ready while its store hangs", async () => {
    const files = { ...memoryFiles(), write: () => new Promise<void>(() => undefined) };
    const ready = readiness({ files, queues, control: undefined, timeoutMs: 50 });
    expect((await ready())[0]).toBe(
      "The state store memory cannot be used: no answer within 0.05 s.",
    );
  });
});
