import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildCatalogue, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import {
  candidateDecoder,
  decodeShard,
  LeafListsBuilder,
  type Scorer,
  type SpeculativeOptions,
} from "@nightbeam/decoding";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCandidates } from "../src/run/read-candidates.js";
import { acceptanceStats } from "../src/shard/acceptance-stats.js";

const catalogue = buildCatalogue([
  { id: "a", codes: [0, 0], where: "a" },
  { id: "b", codes: [1, 0], where: "b" },
  { id: "c", codes: [2, 0], where: "c" },
]);
const leafOf = (item: string) => catalogue.leafOf(catalogue.itemIndex(item) ?? 0);

/** Scores a, b, c with -1, -2.5, -4 for any prompt; counts the prompts. The last code is certain. */
function scorer(prompts: string[]): Scorer {
  return {
    score: async (requests) =>
      requests.map(({ prompt }) => {
        prompts.push(prompt.join());
        return { logProbs: Float64Array.of(-1, -2.5, -4), tokens: 1, milliseconds: 1 };
      }),
    release: () => undefined,
  };
}

function searchOf(prompts: string[]): SpeculativeOptions {
  return {
    target: scorer(prompts),
    space: { trie: catalogue.trie, scoring: "renormalized" },
    beamWidth: 1,
  };
}

describe("candidates from lists", () => {
  it("gives users with equal prompts their own lists, and equal proposals one search", async () => {
    const builder = new LeafListsBuilder();
    builder.add("Ada", [leafOf("c"), leafOf("b")]);
    builder.add("Bob", [leafOf("b"), leafOf("c")]);
    builder.add("Cyd", [leafOf("c")]);
    const lists = builder.finish();
    const prompts: string[] = [];
    const names = ["Ada", "Bob", "Cyd", "Dan", "Eve"];
    const users = names.map((name) => {
      const onKnown = () => expect.fail("onKnown is called for a search with candidates");
      const [prompt, history] = [Int32Array.of(7), new Uint32Array()];
      return { name, prompt, history, exclusion: NOTHING_EXCLUDED, onKnown };
    });
    let key = 0;
    const { outcomes, searched } = await decodeShard(users, {
      decoder: candidateDecoder({
        ...searchOf(prompts),
        candidatesFor: ({ name }) => lists.of(name ?? ""),
        threshold: -5,
        places: 1,
      }),
      batchSize: 4,
      concurrency: 1,
      nextKey: () => key++,
    });
    expect(prompts).toHaveLength(3);
    expect(searched).toHaveLength(3);
    expect(outcomes.map(({ beams }) => [...beams.prefixes])).toEqual([
      [leafOf("b")],
      [leafOf("b")],
      [leafOf("c")],
      [leafOf("a")],
      [leafOf("a")],
    ]);
  });
});

describe("acceptanceStats", () => {
  it("counts what was proposed, what lists took, and where own lists end", () => {
    const beams = (scores: number[]) => ({
      depth: 1,
      prefixes: Uint32Array.from(scores, (_, at) => at),
      scores: Float64Array.from(scores),
    });
    const item = (id: string) => ({ item: id, score: 0, codes: [] });
    const isNew = (leaf: number) => leaf === leafOf("c");
    const steps = { acceptedSteps: 0, firstCallAcceptedSteps: 0 };
    const cost = { calls: 1, nodes: 0, missingNodes: 0, draftHits: 0, tokens: 0, ...steps };
    const listed = [
      {
        list: { user: "Ada", items: [item("a"), item("c")] },
        outcome: {
          beams: beams([]),
          cost,
          acceptance: {
            accepted: new Set([leafOf("c")]),
            proposed: 3,
            checked: Uint32Array.of(leafOf("b"), leafOf("c")),
            scores: Float64Array.of(-2, -2.5),
            isNew,
            own: beams([-1, -3, -5]),
          },
        },
      },
      {
        list: { user: "Bob", items: [item("a")] },
        outcome: {
          beams: beams([]),
          cost,
          acceptance: {
            accepted: new Set<number>(),
            proposed: 1,
            checked: Uint32Array.of(leafOf("c")),
            scores: Float64Array.of(-39.5),
            isNew,
            own: undefined,
          },
        },
      },
    ];
    const stats = acceptanceStats(listed, { catalogue, topK: 2 });
    expect(stats).toMatchObject({
      candidates: 4,
      checkedCandidates: 3,
      newCandidates: 2,
      acceptedItems: 1,
      acceptedNewItems: 1,
      acceptingLists: 1,
      ownLists: 1,
      ownLastScores: -3,
      "candidatesAbove-3": 2,
      "candidatesAbove-39": 2,
      "candidatesAbove-40": 3,
      "newCandidatesAbove-3": 1,
      "newCandidatesAbove-40": 2,
    });
    // Exactly -2 is not above -2.
    expect(stats).not.toHaveProperty("candidatesAbove-2");
  });
});

type CandidateSettings = Partial<Parameters<typeof readCandidates>[0]>;

const NOBODY = {
  prompt: new Int32Array(),
  history: new Uint32Array(),
  exclusion: NOTHING_EXCLUDED,
};

describe("readCandidates", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "nightbeam-candidates-"));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  async function put(name: string, items: readonly string[], score = -1): Promise<string> {
    const path = join(directory, `${name}.jsonl`);
    const list = { user: "Ada", items: items.map((item) => ({ item, score, codes: [] })) };
    await writeFile(path, `${JSON.stringify(list)}\n`);
    return path;
  }

  const { signal } = new AbortController();
  const read = (candidates: string, settings: CandidateSettings = {}) =>
    readCandidates(
      { candidates, acceptAbove: -9, topK: 10, ...settings },
      { historyCatalogue: catalogue, searched: catalogue, signal },
    );

  it("packs what the catalogue has, and identifies lists by their items", async () => {
    const one = await read(await put("one", ["c", "x", "a"]));
    const forAda = { ...NOBODY, name: "Ada" };
    expect([...(one?.accepting.candidatesFor(forAda) ?? [])]).toEqual([leafOf("c"), leafOf("a")]);
    expect(one?.counts).toEqual({ users: 1, items: 3, unknown: 1 });
    const again = await read(await put("again", ["c", "x", "a"], -2));
    expect(again?.version).toBe(one?.version);
    const other = await read(await put("other", ["c", "x"]));
    expect(other?.version).not.toBe(one?.version);
  });

  it("knows which items are new, and says what changes nothing", async () => {
    const trained = join(directory, "trained.jsonl");
    await writeFile(trained, `${JSON.stringify({ user: "Bob", history: ["a", "gone"] })}\n`);
    const proposed = await put("some", ["a", "c", "x"]);
    const apart = { acceptNewAbove: -20, trainedOn: trained };
    const one = await read(proposed, apart);
    expect(one).toMatchObject({ counts: { newItems: 1 }, notes: [] });
    const { newItems } = one?.accepting ?? {};
    expect(["a", "b", "c"].map((item) => newItems?.isNew(leafOf(item)))).toEqual([
      false,
      true,
      true,
    ]);
    expect(newItems?.threshold).toBe(-20);
    const notesOf = async (items: string[], settings: CandidateSettings) =>
      (await read(await put("noted", items), settings))?.notes.join(" ");
    expect(await notesOf(["a"], apart)).toContain("`acceptNewAbove` -20 changes nothing");
    expect(await notesOf(["c"], apart)).toContain("`acceptAbove` -9 changes nothing");
    expect(await notesOf(["a", "c"], { candidatesPerLevel: 2 })).toContain(
      "`candidatesPerLevel` 2 changes nothing: no list has more than 2 candidates",
    );
    expect(await notesOf(["a", "c"], { candidatesPerLevel: 1 })).toBe("");
    const others = join(directory, "others.jsonl");
    await writeFile(others, `${JSON.stringify({ user: "Bob", history: ["gone"] })}\n`);
    await expect(read(proposed, { ...apart, trainedOn: others })).rejects.toMatchObject({
      code: "BAD_CANDIDATES",
      message: expect.stringContaining("none of its items is in the `catalogue`"),
    });
  });

  it("refuses lists of nothing that can be recommended", async () => {
    await expect(read(await put("unknown", ["x", "y"]))).rejects.toMatchObject({
      code: "BAD_CANDIDATES",
      message: expect.stringContaining("of its 2 items the catalogue has none"),
    });
    await expect(read(await put("none", []))).rejects.toMatchObject({ code: "BAD_CANDIDATES" });
  });
});
