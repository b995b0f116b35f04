import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openCatalogue } from "@nightbeam/dataset";
import { emptyDrafter } from "@nightbeam/decoding";
import {
  openRecommender,
  type RecommenderSettings,
  recommendRun,
  type UserHistory,
  type UserList,
} from "@nightbeam/recommend";
import { readManifest, readRecommendations } from "@nightbeam/run";
import { parseRecommendSettings } from "@nightbeam/settings";
import { type World, writeWorld } from "@nightbeam/testing/world";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let directory = "";
let world: World;
let users: UserHistory[] = [];
const SIZE = { items: 120, sharedPaths: 8, users: 30, levels: 3, codesPerLevel: 10 };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "nightbeam-recommender-"));
  const models = { layers: 2, width: 16, heads: 2, maxItems: 5 };
  world = await writeWorld({ directory: join(directory, "world"), ...SIZE, ...models });
  const lines = (await readFile(world.histories, "utf8")).trim().split("\n");
  users = lines.map((line): UserHistory => JSON.parse(line));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function settings(more: Partial<RecommenderSettings> = {}): RecommenderSettings {
  const { target, catalogue } = world;
  return { target, catalogue, workers: 1, ...more };
}

async function all(lists: AsyncIterable<UserList>): Promise<UserList[]> {
  const taken: UserList[] = [];
  for await (const list of lists) taken.push(list);
  return taken;
}

/** Endless users, and how many were read. */
function endless() {
  const counts = { read: 0 };
  async function* source() {
    for (;;) {
      const { history = [] } = users[counts.read % users.length] ?? {};
      yield { user: `u${counts.read++}`, history };
    }
  }
  return { counts, source: source() };
}

describe("the lists", () => {
  it.each<Partial<RecommenderSettings>>([
    { scoring: "full" },
    { scoring: "renormalized", excludeSeen: true, topK: 5 },
    { scoring: "full", draft: ["transitions", "CHECKPOINT"], draftWidth: [20] },
    { scoring: "renormalized", verification: "sampled", seed: 3 },
    { verification: "relaxed", draft: ["retrieval"], draftWidth: [25], seed: 3 },
  ])("and scores are those of a run: %j", async (more) => {
    const { histories, catalogue } = world;
    const out = join(directory, `run-${JSON.stringify(more).replaceAll(/\W/g, "")}`);
    const draft = [more.draft ?? []]
      .flat()
      .map((one) => (one === "CHECKPOINT" ? world.draft : one));
    const given = { ...settings(more), draft, histories };
    const local = parseRecommendSettings({ ...given, catalogue, out, format: "jsonl" });
    await recommendRun(local, { onEvent: () => undefined, signal: new AbortController().signal });
    const expected: unknown[] = [];
    for await (const batch of readRecommendations(out)) expected.push(...batch);
    await using recommender = await openRecommender({
      ...given,
      catalogue: await openCatalogue(catalogue),
    });
    expect(await all(recommender.recommend(users))).toEqual(expected);
    expect((await readManifest(out)).users).toBe(users.length);
  });

  it("are limited by lists of ids and by files, and do not depend on a custom drafter", async () => {
    const recommender = await openRecommender(settings());
    const [first] = await all(recommender.recommend(users.slice(0, 1)));
    await recommender.close();
    const block = first?.items.slice(0, 3).map(({ item }) => item) ?? [];
    const asked: number[] = [];
    const draft = {
      ...emptyDrafter,
      draft: (requests: Parameters<typeof emptyDrafter.draft>[0]) => {
        asked.push(requests.length);
        return emptyDrafter.draft(requests);
      },
    };
    await using other = await openRecommender(settings({ block, draft, draftWidth: [10] }));
    const lists = await all(other.recommend(users));
    const items = lists.flatMap((list) => list.items.map(({ item }) => item));
    expect(items.filter((item) => block.includes(item))).toEqual([]);
    expect(asked.length).toBeGreaterThan(0);
  });
});

describe("a recommender", () => {
  it("takes one user, an iterable or a stream, and answers in order with reasons", async () => {
    await using recommender = await openRecommender(settings({ batchSize: 2 }));
    const odd: UserHistory[] = [
      { user: "nobody", history: [] },
      ...users.slice(0, 7),
      { user: "stranger", history: ["no such item"] },
    ];
    const lists = await all(recommender.recommend(new Set(odd)));
    expect(lists.map(({ user }) => user)).toEqual(odd.map(({ user }) => user));
    expect(lists[0]).toEqual({
      user: "nobody",
      items: [],
      rejection: { reason: "empty_history", detail: "no items" },
    });
    expect(lists.at(-1)?.rejection?.reason).toBe("unknown_item");
    async function* slow() {
      for (const user of odd) {
        await sleep(8);
        yield user;
      }
    }
    expect(await all(recommender.recommend(slow()))).toEqual(lists);
    for (const [at, user] of odd.slice(0, 2).entries()) {
      expect(await all(recommender.recommend(user))).toEqual([lists[at]]);
      expect(await recommender.recommendOne(user)).toEqual(lists[at]);
    }
  });

  it("answers many calls at once", async () => {
    await using recommender = await openRecommender(settings({ batchSize: 3 }));
    const expected = await all(recommender.recommend(users));
    const [whole, ...single] = await Promise.all([
      all(recommender.recommend(users)),
      ...users.map((user) => recommender.recommendOne(user)),
    ]);
    expect(whole).toEqual(expected);
    expect(single).toEqual(expected);
  });

  it("reads an endless stream no further ahead than a few groups", async () => {
    await using recommender = await openRecommender(settings({ batchSize: 2 }));
    const { counts, source } = endless();
    let taken = 0;
    for await (const { items } of recommender.recommend(source)) {
      expect(items.length).toBe(10);
      if (++taken === 20) break;
    }
    await sleep(20);
    // One worker and batches of 2: 4 users per group, 2 groups ahead, one under the caller's hands.
    expect(counts.read).toBeLessThanOrEqual(taken + 4 * 4);
  });

  it("stops at once when it is aborted, and continues for others", async () => {
    await using recommender = await openRecommender(settings());
    const abort = new AbortController();
    const never = new ReadableStream<UserHistory>();
    const waiting = all(recommender.recommend(never, { signal: abort.signal }));
    const reason = new Error("enough");
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(all(recommender.recommend(users, { signal: abort.signal }))).rejects.toBe(reason);
    expect(await all(recommender.recommend(users.slice(0, 2)))).toHaveLength(2);
  });

  it("passes on what the source throws", async () => {
    await using recommender = await openRecommender(settings());
    async function* broken() {
      yield* users.slice(0, 2);
      throw new Error("the database is away");
    }
    const lists = recommender.recommend(broken());
    expect((await lists.next()).value).toMatchObject({ user: users[0]?.user });
    await lists.next();
    await expect(lists.next()).rejects.toThrow("the database is away");
  });

  it("is closed once: iterations end with CLOSED", async () => {
    const recommender = await openRecommender(settings());
    const { source } = endless();
    const lists = recommender.recommend(source);
    await lists.next();
    await Promise.all([recommender.close(), recommender.close()]);
    const closed = { name: "RecommendError", code: "CLOSED" };
    await expect(all(lists)).rejects.toMatchObject(closed);
    await expect(recommender.recommendOne({ user: "x", history: [] })).rejects.toMatchObject(
      closed,
    );
  });
});

describe("wrong arguments", () => {
  it.each([
    [undefined, "give an object of options|is required"],
    [{ catalogue: "c" }, "`target`: is required"],
    [{ target: "t", catalogue: 5 }, "`catalogue`: give a file, or a catalogue that openCatalogue"],
    [{ target: "t", catalogue: "c", top_k: 3 }, "unknown: top_k"],
    [{ target: "t", catalogue: "c", topK: "ten" }, "`topK`: give a whole number"],
    [
      { target: "t", catalogue: "c", topK: 30, beamWidth: 20 },
      "`beamWidth` 20 is less than `topK`",
    ],
    [{ target: "t", catalogue: "c", draft: {} }, "give a name"],
    [
      { target: "t", catalogue: "c", draft: "transitions" },
      "`draft` transitions needs `histories`",
    ],
    [{ target: "t", catalogue: "c", allow: [5] }, "`allow`: give a file, or a list of item ids"],
  ])("get an error with key and remedy: %j", async (given, message) => {
    const opening = Reflect.apply(openRecommender, undefined, [given]);
    await expect(opening).rejects.toMatchObject({
      name: "SettingsError",
      message: expect.stringMatching(message),
    });
  });

  it("of recommend get a RecommendError", async () => {
    await using recommender = await openRecommender(settings());
    const refusal = { name: "RecommendError", code: "BAD_ARGUMENT" };
    for (const users of [undefined, null, 5, "Ada", {}]) {
      expect(() => Reflect.apply(recommender.recommend, recommender, [users])).toThrow(
        expect.objectContaining(refusal),
      );
    }
    for (const [user, message] of [
      [null, "users[0] must be { user, history }"],
      [{ user: 5, history: [] }, "users[0].user must be a name"],
      [{ user: "Ada", history: "i1" }, "users[0].history must be an array of item ids"],
      [{ user: "Ada", history: [1] }, "users[0].history must be an array of item ids"],
    ]) {
      const lists = Reflect.apply(recommender.recommend, recommender, [[user]]);
      await expect(lists.next()).rejects.toMatchObject({ ...refusal, message });
    }
  });
});
