import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCatalogue, type Recommendation, readHistories } from "@nightbeam/dataset";
import { promptsHash } from "@nightbeam/model";
import { createRequest, planRun, runIdOf } from "@nightbeam/run";
import { parseRunRequest } from "@nightbeam/settings";
import { openStore } from "@nightbeam/store";
import { listsOf, runRecommend } from "@nightbeam/testing/recommend";
import { SMALL_WORLD, type World, writeWorld } from "@nightbeam/testing/world";
import { afterAll, beforeAll } from "vitest";
import { type ModelVerifier, startModelVerifier } from "./model-verifier.js";

const USERS = 40;
const SHARD_SIZE = 10;
export const SHARDS = USERS / SHARD_SIZE;

export interface Night {
  readonly world: World;
  /** The lists of one machine, with scores. */
  readonly expected: readonly Recommendation[];
  /** Decodes the world on one machine with further flags, and returns the lists. */
  alone(name: string, flags: Record<string, unknown>): Promise<Recommendation[]>;
  readonly verifier: ModelVerifier;
  readonly scratch: string;
  /** Plans a run in a new directory. Default: without drafts. */
  plan(
    name: string,
    overrides?: { request?: Record<string, unknown>; versions?: Record<string, string> },
  ): Promise<{ runId: string; out: string; location: string; shards: number; rows: number }>;
}

/** A world with its lists and a verifier, for the tests of a file. */
export function useNight(): () => Night {
  let night: Night | undefined;
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "nightbeam-drafter-"));
    const world = await writeWorld({
      ...SMALL_WORLD,
      directory: join(directory, "world"),
      users: USERS,
    });
    const { target, catalogue, histories } = world;
    const files = { target, catalogue, histories };
    const alone = async (name: string, flags: Record<string, unknown>) => {
      const out = join(directory, name);
      await runRecommend({ ...files, excludeSeen: true, ...flags, out });
      return listsOf(out);
    };
    const verifier = await startModelVerifier(world);
    const known = await openCatalogue(catalogue);
    night = {
      world,
      expected: await alone("alone", {}),
      alone,
      verifier,
      scratch: join(directory, "scratch"),
      plan: async (name, { request = {}, versions = {} } = {}) => {
        const out = join(directory, name);
        const store = await openStore(out);
        const settings = { excludeSeen: true, partSize: SHARD_SIZE, batchSize: 4 };
        const parsed = parseRunRequest({ ...files, out, ...settings, ...request });
        await createRequest(store, { request: parsed, submittedAt: new Date() });
        await planRun({
          store,
          request: parsed,
          rows: readHistories({ path: parsed.histories }),
          versions: {
            target: verifier.hash,
            catalogue: known.hash,
            prompts: await promptsHash(target),
            histories: "0".repeat(64),
            ...versions,
          },
        });
        return { runId: runIdOf(out), out, location: out, shards: SHARDS, rows: SHARD_SIZE };
      },
    };
  });
  afterAll(async () => {
    await night?.verifier.close();
    await rm(directory, { recursive: true, force: true });
  });
  return () => {
    if (night === undefined) throw new Error("the night is made before the tests");
    return night;
  };
}
