import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildCatalogue, filterCatalogue, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import type { UserCandidates } from "@nightbeam/run";
import { refusal, useTempDirs } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openCandidateJoin } from "../src/run/candidate-join.js";
import { assertProposedFor, readCandidates } from "../src/run/read-candidates.js";
import { shardAccepting } from "../src/shard/shard-accepting.js";

const tempDir = useTempDirs();
const { signal } = new AbortController();
const onProgress = () => undefined;

const historyCatalogue = buildCatalogue(
  // Items "a" and "b" share a path.
  [
    [0, 0],
    [0, 0],
    [1, 0],
    [2, 0],
    [2, 1],
  ].map((codes, at) => {
    const id = "abcde"[at] ?? "";
    return { id, codes, where: id };
  }),
);
/** As one machine searches it: without item "b", whose path is still there. */
const searched = filterCatalogue(historyCatalogue, { block: ["b"] });
const catalogues = { historyCatalogue, searched };

function rowsOf(users: readonly string[]): HistoryRow[] {
  return users.map((user, row) => ({ kind: "history", row, user, items: ["a"] }));
}

async function propose(lists: readonly (readonly [user: string, items: readonly string[]])[]) {
  const candidates = join(tempDir(), "proposed.jsonl");
  await writeFile(candidates, linesOf(lists));
  return { candidates, acceptAbove: -9, topK: 3 };
}

function linesOf(lists: readonly (readonly [user: string, items: readonly string[]])[]): string {
  return lists
    .map(([user, ids]) => ({ user, items: ids.map((item) => ({ item, score: 0, codes: [] })) }))
    .map((list) => `${JSON.stringify(list)}\n`)
    .join("");
}

type Settings = Parameters<typeof openCandidateJoin>[0];

async function joined(settings: Settings, rows: readonly HistoryRow[]) {
  const join = await openCandidateJoin(settings, { ...catalogues, signal, onProgress });
  if (join === undefined) throw new Error("the settings name candidates");
  try {
    join.want(rows);
    const found = new Map<number, UserCandidates>();
    for await (const batch of join.rows({ inputRows: rows.length, onProgress })) {
      for (const { row, value } of batch) found.set(row, value);
    }
    return { facts: join.facts, found };
  } finally {
    await join.close();
  }
}

const NOBODY = {
  prompt: new Int32Array(),
  history: new Uint32Array(),
  exclusion: NOTHING_EXCLUDED,
};

describe("the candidates of shards", () => {
  it("are those of one machine, whatever the order of users and their lists", async () => {
    const trainedOn = join(tempDir(), "trained.jsonl");
    await writeFile(trainedOn, `${JSON.stringify({ user: "t", history: ["b", "c"] })}\n`);
    const apart = { acceptNewAbove: -12, trainedOn, candidatesPerLevel: 2 };
    const someUser = fc.constantFrom("u", "v", "w", "x");
    const someList = fc.tuple(someUser, fc.array(fc.constantFrom("a", "b", "c", "d", "e", "gone")));
    await fc.assert(
      fc.asyncProperty(
        fc.array(someList, { maxLength: 5 }),
        fc.array(someUser, { maxLength: 5 }),
        fc.boolean(),
        async (lists, users, isApart) => {
          // Some user has an item that can be recommended.
          const all = [...lists, ["y", ["e"]] as const];
          const rows = rowsOf([...users, "y"]);
          const settings = { ...(await propose(all)), ...(isApart ? apart : {}) };
          const { facts, found } = await joined(settings, rows);
          const alone = await readCandidates(settings, { ...catalogues, signal });
          if (alone === undefined) throw new Error("the settings name candidates");
          const { accepting, has, ...others } = alone;
          expect(facts).toEqual(others);
          const byUser = new Map([...found.values()].map((one) => [one.user, one]));
          const own = shardAccepting(settings, { candidates: byUser, catalogue: searched });
          expect({ ...own, candidatesFor: 0, newItems: own.newItems?.threshold }).toEqual({
            ...{ ...accepting, candidatesFor: 0, newItems: accepting.newItems?.threshold },
          });
          for (const { row, user } of rows) {
            const asked = { ...NOBODY, name: user };
            const leaves = [...(own.candidatesFor(asked) ?? [])];
            expect(leaves).toEqual([...(accepting.candidatesFor(asked) ?? [])]);
            expect(found.has(row)).toBe(has(user ?? ""));
            for (const leaf of leaves) {
              expect(own.newItems?.isNew(leaf)).toBe(accepting.newItems?.isNew(leaf));
            }
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  it("come from a directory or a pattern of files, in the order of their paths", async () => {
    const directory = tempDir();
    await mkdir(join(directory, "night"));
    await writeFile(join(directory, "night", "part-1.jsonl"), linesOf([["u", ["d"]]]));
    await writeFile(
      join(directory, "night", "part-0.jsonl"),
      linesOf([
        ["u", ["c"]],
        ["v", ["c"]],
      ]),
    );
    await writeFile(join(directory, "night", "_SUCCESS"), "");
    for (const place of ["night", "night/part-*.jsonl"]) {
      const settings = { candidates: join(directory, place), acceptAbove: -9, topK: 3 };
      const { facts, found } = await joined(settings, rowsOf(["v", "u"]));
      expect(facts.counts).toEqual({ users: 3, items: 3, unknown: 0 });
      expect([...found.values()].map(({ user, items }) => [user, items])).toEqual([
        ["v", ["c"]],
        ["u", ["d"]],
      ]);
    }
  });

  it("are refused if no user has any, or if they were changed while they were read", async () => {
    const settings = await propose([["u", ["c"]]]);
    const strangers = await refusal(joined(settings, rowsOf(["U"])));
    expect(strangers.code).toBe("BAD_CANDIDATES");
    expect(strangers.message).toContain("none of its 1 users is in the rows of `histories`");
    const alone = await readCandidates(settings, { ...catalogues, signal });
    if (alone === undefined) throw new Error("the settings name candidates");
    const rows = async function* () {
      yield rowsOf(["U"]);
    };
    const same = await refusal(assertProposedFor(alone, { settings, rows: rows() }));
    expect(same.message).toBe(strangers.message);

    const join = await openCandidateJoin(settings, { ...catalogues, signal, onProgress });
    join?.want(rowsOf(["u"]));
    await writeFile(settings.candidates, linesOf([["u", ["d"]]]));
    const read = async () => {
      for await (const _ of join?.rows({ inputRows: 1, onProgress }) ?? []);
    };
    expect((await refusal(read())).message).toContain("it was changed while it was read");
    await join?.close();
  });
});
