import { buildCatalogue } from "@nightbeam/catalogue";
import type { RunningServer } from "@nightbeam/server";
import { type RedisServer, redisIsHere, startRedis } from "@nightbeam/testing/servers";
import { useWorld } from "@nightbeam/testing/world";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HistoryIndex } from "../src/histories/history-index.js";
import { post, readUsers, startTestServer, stop } from "./support.js";

function catalogueOf(ids: readonly string[]) {
  return buildCatalogue(ids.map((id, code) => ({ id, codes: [0, code], where: id })));
}

describe("the index of histories", () => {
  it("is a map from users to their last rows", async () => {
    const catalogue = catalogueOf(["a", "b", "c"]);
    const name = fc.oneof(fc.constantFrom("", "ü", "日本", "a"), fc.string({ maxLength: 3 }));
    const row = fc.record({
      user: name,
      items: fc.array(fc.constantFrom("a", "b", "c", "x", "y"), { minLength: 1, maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 60 }), async (rows) => {
        const index = new HistoryIndex(catalogue);
        const expected = new Map<string, string[]>();
        rows.forEach(({ user, items }, at) => {
          index.add([{ kind: "history", row: at, user, items }]);
          expected.set(user, items);
        });
        expect(index.size).toBe(expected.size);
        for (const [user, items] of expected)
          expect(await index.historyOf(user)).toEqual({ items });
        expect(await index.historyOf("nobody at all")).toBeUndefined();
      }),
    );
  });

  it("grows beyond its first room, and keeps texts and groups", async () => {
    const index = new HistoryIndex(catalogueOf(["a"]));
    const users = Array.from({ length: 20_000 }, (_, row) => `user ${row}`);
    const more = { texts: { bio: "reads" }, groups: ["children"] };
    users.forEach((user, row) => {
      index.add([{ kind: "history", row, user, items: ["a", user], ...(row === 7 ? more : {}) }]);
    });
    expect(index.size).toBe(20_000);
    expect(await index.historyOf("user 19999")).toEqual({ items: ["a", "user 19999"] });
    expect(await index.historyOf("user 7")).toEqual({ items: ["a", "user 7"], ...more });
  });
});

describe.skipIf(!redisIsHere())("histories in Redis", () => {
  const world = useWorld({ users: 5 });
  let redis: RedisServer | undefined;
  let server: RunningServer | undefined;
  beforeAll(async () => {
    redis = await startRedis();
    server = await startTestServer(world(), { historiesRedis: redis.url, batchSize: "2" });
  });
  afterAll(async () => {
    await stop(server);
    await redis?.stop();
  });

  it("are the present ones, and an error says what to do", async () => {
    const [{ user, history } = { user: "", history: [] }, other] = await readUsers(world());
    const ask = (given: object) => post(server ?? { url: "" }, JSON.stringify(given));
    expect(await ask({ user })).toMatchObject({ status: 404, body: { code: "UNKNOWN_USER" } });
    const writer = new Redis(redis?.url ?? "");
    await writer.rpush(`history:${user}`, ...history);
    const before = await ask({ user });
    expect(before).toMatchObject({
      status: 200,
      body: { items: (await ask({ history })).body.items },
    });
    const bought = other?.history[0] ?? "";
    await writer.rpush(`history:${user}`, bought);
    const after = await ask({ user });
    expect(after.body.items).toEqual((await ask({ history: [...history, bought] })).body.items);
    await writer.set("history:broken", "text");
    const broken = await ask({ user: "broken" });
    expect(broken).toMatchObject({ status: 500, body: { code: "INTERNAL" } });
    expect(broken.body.message).toContain("history:broken must be a list");
    writer.disconnect();
  });
});
