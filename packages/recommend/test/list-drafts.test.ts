import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildCatalogue, findPrefix, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import type { Recommendation } from "@nightbeam/dataset";
import { BeamSearch, type Drafter, type DraftRequest } from "@nightbeam/decoding";
import { openRun } from "@nightbeam/run";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { candidatesDrafter, previousDrafter } from "../src/models/list-drafts.js";

const catalogue = buildCatalogue([
  { id: "a", codes: [0, 0], where: "a" },
  { id: "b", codes: [0, 1], where: "b" },
  { id: "c", codes: [1, 0], where: "c" },
  { id: "d", codes: [2, 0], where: "d" },
]);
const lists: Recommendation[] = [
  { user: "Ada", items: ["c", "gone", "b", "a"].map(listed) },
  { user: "Bob", items: [] },
];

function listed(item: string) {
  return { item, score: -1, codes: [9, 9] };
}

/** The first codes drafted for a user. */
async function drafted(drafter: Drafter, name: string) {
  const space = { trie: catalogue.trie, scoring: "full", exclusion: NOTHING_EXCLUDED } as const;
  const request: DraftRequest = {
    key: 1,
    name,
    prompt: Int32Array.of(1),
    history: new Uint32Array(),
    search: new BeamSearch(space, { beamWidth: 2 }),
    widths: [9],
  };
  const [draft] = await drafter.draft([request]);
  return Array.from(draft?.levels[0]?.prefixes ?? [], (prefix) => catalogue.trie.codes[prefix]);
}

describe("drafts from lists", () => {
  let directory = "";
  let file = "";
  let complete = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "nightbeam-lists-"));
    file = join(directory, "lists.jsonl");
    complete = join(directory, "run");
    await writeFile(file, lists.map((list) => `${JSON.stringify(list)}\n`).join(""));
    const plan = { format: "parquet", partSize: 2, firstRow: 0, inputRows: 2 } as const;
    const run = await openRun({ dir: complete, plan: { ...plan, arguments: {}, versions: {} } });
    await run.commitPart({
      index: 0,
      rowCount: 2,
      recommendations: lists,
      rejected: [],
      stats: {},
      teacherLog: undefined,
    });
    await run.finish({ derive: () => ({}) });
    await run.close();
  });
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it("come from a finished run, or from a file, by the items that the catalogue has", async () => {
    const drafters = await Promise.all([
      previousDrafter(complete, { catalogue }),
      candidatesDrafter(complete, { catalogue }),
      candidatesDrafter(file, { catalogue }),
    ]);
    expect(findPrefix(catalogue.trie, [9])).toBe(-1);
    for (const drafter of drafters) {
      expect(await drafted(drafter, "Ada")).toEqual([1, 0]);
      expect(await drafted(drafter, "Bob")).toEqual([]);
      expect(await drafted(drafter, "Eve")).toEqual([]);
    }
  });

  it("name what does not exist", async () => {
    const nowhere = join(directory, "nowhere");
    await expect(previousDrafter(nowhere, { catalogue })).rejects.toMatchObject({
      code: "RUN_INCOMPLETE",
      message: expect.stringContaining(nowhere),
    });
    await expect(previousDrafter(file, { catalogue })).rejects.toMatchObject({
      name: "RunError",
      message: expect.stringContaining(file),
    });
    await expect(candidatesDrafter(`${nowhere}.jsonl`, { catalogue })).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
    await writeFile(join(directory, "else.jsonl"), '{"user": 1}\n');
    const other = candidatesDrafter(join(directory, "else.jsonl"), { catalogue });
    await expect(other).rejects.toMatchObject({ code: "UNREADABLE" });
  });

  it("stop reading when they are aborted", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(candidatesDrafter(file, { catalogue, signal })).rejects.toThrow("enough");
  });
});
