import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SubmitBody } from "@nightbeam/api";
import { runRecommend } from "@nightbeam/testing/recommend";
import { type World, writeWorld } from "@nightbeam/testing/world";
import { type Lists, readLists } from "../../cluster/support/oracle.js";

/** Long enough on two cores for a fault to happen midway, short enough for many. */
const SIZE = { users: 900, items: 1_500, layers: 4, width: 192, heads: 4 };
const SHARD_SIZE = 30;

/** One run and its expected result. */
export interface Night {
  readonly world: World;
  /** The request, without its output directory. */
  readonly request: Omit<SubmitBody, "out">;
  /** The lists of one machine without any cluster. */
  readonly expected: Lists;
  remove(): Promise<void>;
}

export interface NightOptions {
  /** Default: full. */
  readonly scoring?: "full" | "renormalized";
  /** Items that no user may get. Default: 0. */
  readonly blocked?: number;
  /** Default: 900. */
  readonly users?: number;
}

/** Makes a world and the lists that every cluster must return for it, whatever the fault. */
export async function makeNight(options: NightOptions = {}): Promise<Night> {
  const { scoring = "full", blocked = 0, users = SIZE.users } = options;
  const directory = await mkdtemp(join(tmpdir(), "nightbeam-night-"));
  const world = await writeWorld({ directory: join(directory, "world"), ...SIZE, users });
  const { target, draft, catalogue, histories } = world;
  const block = join(directory, "blocked.txt");
  const ids = Array.from({ length: blocked }, (_, item) => `${item}\n`);
  await writeFile(block, ids.join(""));
  const search = {
    topK: 10,
    beamWidth: 20,
    scoring,
    excludeSeen: true,
    ...(blocked > 0 ? { block } : {}),
  };
  const alone = join(directory, "alone");
  await runRecommend({ target, catalogue, histories, ...search, out: alone });
  const drafting = { draft: [draft], draftWidth: [20], batchSize: 10 };
  return {
    world,
    request: { target, catalogue, histories, ...search, ...drafting, partSize: SHARD_SIZE },
    expected: await readLists(alone),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** A shard's commit, from its record and the file's time. */
export interface Commit {
  readonly index: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Number of times that its job was started. */
  readonly start: number;
}

export async function commitsOf(out: string): Promise<Commit[]> {
  const directory = join(out, "commits");
  const names = (await readdir(directory)).filter((name) => /^part-\d+\.json$/.test(name));
  const commits = names.map(async (name): Promise<Commit> => {
    const path = join(directory, name);
    const { index, attempt }: { index: number; attempt: string } = JSON.parse(
      await readFile(path, "utf8"),
    );
    const start = Number(/^a(\d+)-/.exec(attempt)?.[1]);
    return { index, at: (await stat(path)).mtimeMs, start };
  });
  return Promise.all(commits);
}
