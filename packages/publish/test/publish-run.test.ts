import { appendFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { refusal, useTempDirs } from "@nightbeam/testing";
import { redisIsHere, startRedis } from "@nightbeam/testing/servers";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { openDestination } from "../src/destinations/open-destination.js";
import { PublishError } from "../src/errors.js";
import type { ListStore } from "../src/list-store.js";
import { pace, parseRate } from "../src/pace.js";
import { publishRun } from "../src/publish-run.js";
import { writeRun } from "./support/write-run.js";

const tempDir = useTempDirs();

async function files(): Promise<{ readonly store: ListStore; readonly path: string }> {
  const path = tempDir();
  return { store: await openDestination({ to: path }), path: join(path, "lists") };
}

describe("a publication", () => {
  it("of a run with a damaged part writes nothing", async () => {
    const out = await writeRun(join(tempDir(), "run"));
    appendFileSync(join(out, "parts", "part-00002.jsonl"), "\n");
    const { store, path } = await files();
    const { code, message } = await refusal(publishRun({ out, store }));
    expect(code).toBe("RUN_DAMAGED");
    expect(message).toContain("parts/part-00002.jsonl is not the file that the manifest names");
    expect(() => readdirSync(path)).toThrow("ENOENT");
  });

  it("of a run that is not complete is refused", async () => {
    const { store } = await files();
    const { code, message } = await refusal(publishRun({ out: tempDir(), store }));
    expect([code, message]).toEqual([
      "RUN_INCOMPLETE",
      expect.stringContaining("no manifest.json"),
    ]);
  });

  it("does not switch to what it cannot read back", async () => {
    const [first, second] = [
      await writeRun(join(tempDir(), "first")),
      await writeRun(join(tempDir(), "second"), { label: "2" }),
    ];
    const { store } = await files();
    const { version } = await publishRun({ out: first, store });
    const forgetful = { ...store, readList: async () => ({ items: ["other"] }) };
    await expect(publishRun({ out: second, store: forgetful })).rejects.toMatchObject({
      code: "NOT_VERIFIED",
    });
    const losing = { ...store, readBuckets: async () => new Set<number>() };
    expect((await refusal(publishRun({ out: second, store: losing }))).message).toContain(
      "1 of 1 buckets are gone",
    );
    expect((await store.readPointer())?.version).toBe(version.version);
    await publishRun({ out: second, store });
    expect((await store.readPointer())?.version).not.toBe(version.version);
  });

  it("tries writes again that fail for a moment", async () => {
    const out = await writeRun(join(tempDir(), "run"));
    const { store } = await files();
    let tries = 0;
    const shaky: ListStore = {
      ...store,
      writeBucket: async (version, bucket) => {
        if (tries++ === 0) throw new PublishError("UNREACHABLE", "no answer");
        await store.writeBucket(version, bucket);
      },
    };
    expect(await publishRun({ out, store: shaky })).toMatchObject({ outcome: "switched" });
    expect(tries).toBe(2);
  });

  it("refuses two lists of one user", async () => {
    const out = await writeRun(join(tempDir(), "run"), { twice: 17 });
    const { store } = await files();
    const { code, message } = await refusal(publishRun({ out, store }));
    expect([code, message]).toEqual([
      "RUN_DAMAGED",
      expect.stringContaining('"user-17" has two lists'),
    ]);
    expect(await store.readPointer()).toBeUndefined();
  });

  it("names what is wrong with a record at the destination", async () => {
    const out = await writeRun(join(tempDir(), "run"));
    const { store, path } = await files();
    await publishRun({ out, store });
    writeFileSync(join(path, "current.json"), '{"format":2}');
    const { code, message } = await refusal(publishRun({ out, store }));
    expect(code).toBe("DAMAGED");
    expect(message).toContain("current.json is not a record of published lists");
  });
});

describe("a destination", () => {
  it("is refused with what it may be, without its password", async () => {
    for (const to of ["mysql://me:secret@db/lists", "redis://[", "postgres://me:secret@"]) {
      const { code, message } = await refusal(openDestination({ to }));
      expect(code).toMatch(/BAD_DESTINATION|UNREACHABLE/);
      expect(message).not.toContain("secret");
    }
    expect((await refusal(openDestination({ to: "x", name: "a:b" }))).code).toBe("BAD_DESTINATION");
  });

  it.skipIf(!redisIsHere())("in Redis says why it refuses, and warns of evictions", async () => {
    const out = await writeRun(join(tempDir(), "run"));
    const server = await startRedis();
    const admin = new Redis(server.url);
    try {
      await admin.call("ACL", "SETUSER", "other", "on", ">pass", "~other:*", "+@all");
      const as = (user: string) => server.url.replace("//", `//${user}@`);
      const forbidden = await openDestination({ to: as("other:pass") });
      const refused = await refusal(publishRun({ out, store: forbidden }));
      expect([refused.code, refused.message]).toEqual([
        "REFUSED",
        expect.stringContaining("~nightbeam:*"),
      ]);
      await forbidden.close();
      const store = await openDestination({ to: server.url });
      expect(await store.warnings()).toEqual([]);
      await admin.config("SET", "maxmemory", "1");
      expect((await refusal(publishRun({ out, store }))).message).toContain("It is full");
      await admin.config("SET", "maxmemory-policy", "allkeys-lru");
      expect(await store.warnings()).toEqual([expect.stringContaining("noeviction")]);
      await store.close();
    } finally {
      admin.disconnect();
      await server.stop();
    }
  });
});

describe("the rate", () => {
  it("is users or bytes per second", () => {
    expect(parseRate("5000")).toEqual({ unit: "users", perSecond: 5_000 });
    expect(parseRate("1.5MB")).toEqual({ unit: "bytes", perSecond: 1.5e6 });
    for (const text of ["", "0", "-1", "5 MB", "fast", "5mb"])
      expect(parseRate(text)).toBeUndefined();
  });

  it("spreads writes over time, whatever they take themselves", async () => {
    let time = 0;
    const waits: number[] = [];
    const wait = pace(parseRate("100"), {
      now: () => time,
      wait: async (ms) => {
        waits.push(ms);
        time += ms;
      },
    });
    for (const users of [50, 50, 100]) await wait({ users, bytes: 1 });
    // A write that took long is not followed by a pause.
    time += 5_000;
    await wait({ users: 10, bytes: 1 });
    await wait({ users: 10, bytes: 1 });
    expect(waits).toEqual([0, 500, 500, 0, 100]);
  });
});
