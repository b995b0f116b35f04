import { join } from "node:path";
import type { Recommendation } from "@nightbeam/dataset";
import { directoryStore } from "@nightbeam/store";
import { s3Store } from "@nightbeam/store/s3";
import { put, useTempDirs } from "@nightbeam/testing";
import { type S3Server, s3Client, startS3 } from "@nightbeam/testing/s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  commitWritten,
  findUser,
  finishRun,
  openRun,
  type RunOrigin,
  type RunPlan,
  readPlan,
  type SearchRecord,
  writeAttempt,
} from "../src/index.js";
import { plan as planShards } from "./shards/support.js";

const tempDir = useTempDirs();

/** Odd names must be found too: they are compared in SQL and in JSON. */
const USERS = ["u0", 'O"Hara', "it's", "u3", "zoë", "u5"];
const historyOf = (user: string) => [`seen by ${user}`, "tea"];
const listOf = (user: string): Recommendation => ({
  user,
  items: [1, 2].map((rank) => ({
    item: `${user} ${rank}`,
    score: -rank,
    logProb: -rank,
    codes: [rank],
  })),
});

function searchOf(user: string): SearchRecord {
  const node = {
    parent: -1,
    code: "",
    logProbability: 0,
    score: 0,
    call: 1,
    askedBy: "target",
  } as const;
  return {
    ...{ user, history: historyOf(user), list: [{ item: `${user} 1`, score: -1 }] },
    ...{ calls: 1, beamWidth: 2, program: "tree-scores" },
    nodes: [{ ...node, used: true, kept: true, itemCount: 3, examples: ["a", "b"] }],
  };
}

/** A run of one machine, with three users per part; the search of each part's first user is recorded. */
async function runOf(layout: Pick<RunPlan, "format" | "layout">): Promise<string> {
  const dir = join(tempDir(), "out");
  const histories = put(
    tempDir(),
    "histories.jsonl",
    USERS.map((user) => JSON.stringify({ user, history: historyOf(user) })).join("\n"),
  );
  const plan = { ...layout, partSize: 3, firstRow: 0, inputRows: 6, arguments: {}, versions: {} };
  const origin: RunOrigin = {
    ...{ nightbeam: "0", plannedAt: "2026-01-01T00:00:00Z", drafts: [], draftWidth: "auto" },
    ...{ device: "cpu", search: { program: "tree-scores", reason: "" } },
    inputs: [{ name: "histories", path: histories }],
  };
  const run = await openRun({ dir, plan, origin });
  for (const index of [0, 1]) {
    const users = USERS.slice(3 * index, 3 * index + 3);
    await run.commitPart({
      ...{ index, rowCount: 3, rejected: [], stats: {} },
      recommendations: users.map(listOf),
      searches: users.slice(0, 1).map(searchOf),
    });
  }
  await run.finish();
  await run.close();
  return dir;
}

describe.each([
  { format: "parquet" },
  { format: "jsonl" },
  { format: "parquet", layout: "flat" },
  { format: "jsonl", layout: "flat" },
] as const)("finding a user of a run in $format, $layout", (layout) => {
  it("returns list, history and the search if it was recorded", async () => {
    const store = directoryStore(await runOf(layout));
    for (const [at, user] of USERS.entries()) {
      expect(await findUser(store, user)).toEqual({
        part: Math.floor(at / 3),
        list: listOf(user),
        history: historyOf(user),
        search: at % 3 === 0 ? searchOf(user) : undefined,
      });
    }
    expect(await findUser(store, "u")).toBeUndefined();
  });
});

let server: S3Server;
beforeAll(async () => {
  server = await startS3("nights");
});
afterAll(() => server.stop());

describe.each([
  ["a directory", () => directoryStore(tempDir())],
  ["a bucket", () => s3Store({ client: s3Client(server), bucket: "nights", prefix: "run" })],
] as const)("finding a user of a cluster's run in %s", (_, open) => {
  it("reads the committed shards while others are missing, and the history from the inputs", async () => {
    const store = open();
    await planShards(store, { format: "parquet" });
    const plan = await readPlan(store);
    const commit = async (index: number, users: readonly string[]) => {
      const rejected = [{ row: 3 * index + 1, reason: "empty_history", detail: "" }].slice(
        0,
        index < 2 ? 1 : 0,
      );
      const result = {
        ...{ index, rowCount: users.length + rejected.length, rejected, stats: {} },
        recommendations: users.map(listOf),
        searches: users.slice(0, 1).map(searchOf),
      };
      const scratch = tempDir();
      const { signal } = new AbortController();
      const written = await writeAttempt({ store, plan, result, attempt: 1, scratch, signal });
      await commitWritten(store, written);
      return written;
    };
    const { searches } = await commit(1, ["u3", "u5"]);
    expect(searches?.file).toMatch(/^searches\/part-00001\.a1-\w+\.jsonl\.gz$/);
    expect(await findUser(store, "u5")).toMatchObject({ part: 1, history: ["i5", 'é,"\n'] });
    expect((await findUser(store, "u3"))?.search).toEqual(searchOf("u3"));
    expect(await findUser(store, "u0")).toBeUndefined();
    await commit(0, ["u0", "u2"]);
    await commit(2, ["u6"]);
    expect((await finishRun(store)).parts.map((part) => part.searches?.users)).toEqual([1, 1, 1]);
    expect(await findUser(store, "u0")).toMatchObject({ part: 0 });
    // Without its file a search is not known; the list is.
    await store.remove(searches?.file ?? "");
    expect(await findUser(store, "u3")).toMatchObject({ list: listOf("u3"), search: undefined });
  });
});
