import { readFile } from "node:fs/promises";
import {
  openRecommender,
  type RecommendEvent,
  type RecommenderSettings,
  recommendRun,
  type UserHistory,
  type UserList,
} from "@nightbeam/recommend";
import { directoryJournal, readRecommendations } from "@nightbeam/run";
import { parseRecommendSettings } from "@nightbeam/settings";
import { refusal, useTempDirs } from "@nightbeam/testing";
import { useWorld } from "@nightbeam/testing/world";
import { describe, expect, it } from "vitest";

const world = useWorld({ items: 120, users: 24, levels: 3, codesPerLevel: 10, maxItems: 5 });
const fresh = useTempDirs();

async function run(out: string, more: object = {}) {
  const { target, catalogue, histories } = world();
  const events: RecommendEvent[] = [];
  const settings = parseRecommendSettings({
    ...{ target, catalogue, histories, out, workers: 1, format: "jsonl", partSize: 10 },
    ...more,
  });
  const onEvent = (event: RecommendEvent) => void events.push(event);
  const result = await recommendRun(settings, { onEvent, signal: new AbortController().signal });
  return { ...result, events: events.filter(({ kind }) => kind === "program") };
}

async function listsOf(out: string): Promise<UserList[]> {
  const lists: UserList[] = [];
  for await (const chunk of readRecommendations(out)) lists.push(...chunk);
  return lists;
}

/** The same items in the same order, with scores that differ by little. */
function expectAlike(found: readonly UserList[], expected: readonly UserList[]): void {
  const items = (lists: readonly UserList[]) =>
    lists.map(({ user, items }) => [user, items.map(({ item }) => item)]);
  expect(items(found)).toEqual(items(expected));
  found.forEach((list, at) => {
    list.items.forEach(({ score }, rank) => {
      expect(score).toBeCloseTo(expected[at]?.items[rank]?.score ?? Number.NaN, 4);
    });
  });
}

describe("a run with whole searches", () => {
  it("has the lists of tree calls in one call per user, and says what it did and with which draft", async () => {
    const [calls, whole, drafted] = [fresh(), fresh(), fresh()];
    const draft = ["transitions"];
    const wanted = { excludeSeen: true, draft, draftWidth: [20] };
    const plain = await run(calls, { ...wanted });
    expect(plain.events).toEqual([]);
    const found = await run(whole, { ...wanted, search: "whole" });
    expectAlike(await listsOf(whole), await listsOf(calls));
    expect(found.manifest.stats.callsPerUser).toBe(1);
    expect(found.manifest.versions.program).toBe("beam-search");
    expect(found.manifest.arguments.searchReason).toBe("`search` whole was given");
    expect(found.events).toMatchObject([{ kind: "program", program: "beam-search" }]);
    const verified = await run(drafted, { ...wanted, search: "drafted" });
    expectAlike(await listsOf(drafted), await listsOf(calls));
    expect(verified.manifest.versions.program).toBe("verify-tree");
    expect(verified.manifest.stats.acceptedSteps).toBeGreaterThanOrEqual(0);
  });

  it("is continued with its program, and not with another", async () => {
    const out = fresh();
    await run(out, { search: "whole" });
    const again = await run(out);
    expect(again.alreadyDone).toBe(true);
    expect(again.events).toMatchObject([
      { program: "beam-search", reason: "`search` whole was given" },
    ]);
    const other = await refusal(run(out, { search: "calls" }));
    expect(other.code).toBe("RUN_DIFFERS");
    expect(other.message).toContain('versions.program was "beam-search" and is not set');
  });

  it("leaves plans of tree calls as they were", async () => {
    const [before, given] = [fresh(), fresh()];
    await run(before);
    const { events } = await run(given, { search: "calls" });
    expect(events).toMatchObject([{ program: "tree-scores" }]);
    const [plan, same] = await Promise.all(
      [before, given].map((out) => directoryJournal(out).readPlan()),
    );
    expect(same).toEqual(plan);
    expect(Object.keys(plan?.versions ?? {})).not.toContain("program");
  });
});

it("a recommender with whole searches has the lists of one with tree calls", async () => {
  const { target, catalogue, histories } = world();
  const lines = (await readFile(histories, "utf8")).trim().split("\n");
  const users = lines.map((line): UserHistory => JSON.parse(line));
  const lists = async (search: NonNullable<RecommenderSettings["search"]>) => {
    await using recommender = await openRecommender({ target, catalogue, workers: 1, search });
    const taken: UserList[] = [];
    for await (const list of recommender.recommend(users)) taken.push(list);
    return taken;
  };
  expectAlike(await lists("whole"), await lists("calls"));
});
