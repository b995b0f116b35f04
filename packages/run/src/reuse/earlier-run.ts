import { openStore, type ShardStore } from "@nightbeam/store";
import { RunError } from "../errors.js";
import type { JsonValue, RunPlan } from "../plan.js";
import { contentHash } from "../records/content-hash.js";
import { storeJournal } from "../records/journal.js";
import { KEPT_TRIE_FILE } from "../records/names.js";
import { recordBytes } from "../records/record-file.js";
import type { Manifest } from "../records/records.js";
import { keepsAnswers } from "./kept-answers.js";
import type { ReuseRecord } from "./reuse-record.js";
import { type KeptTrie, readTrie } from "./trie-file.js";

/** A complete run that lists can be taken from. */
export interface EarlierRun {
  readonly manifest: Manifest;
  readonly store: ShardStore;
  readonly record: ReuseRecord;
  /** What it searched. */
  readonly searched: KeptTrie;
  close(): void;
}

/**
 * Opens a run to take lists from. The caller closes it.
 *
 * @param location its directory or store
 * @throws RunError NOT_REUSABLE if it is not complete or kept no answers; RUN_DAMAGED; StoreError
 */
export async function openEarlierRun(location: string): Promise<EarlierRun> {
  const store = await openStore(location);
  try {
    const manifest = await storeJournal(store).readManifest();
    const problem =
      manifest === undefined
        ? "it holds no complete run: let it finish, or name another"
        : keepsAnswers(manifest)
          ? undefined
          : `it kept no answers: ${whyNone(manifest)}`;
    if (manifest === undefined || problem !== undefined) throw notReusable(location, problem ?? "");
    const searched = await readTrie(store, KEPT_TRIE_FILE);
    const id = contentHash(recordBytes(manifest)).slice(0, 12);
    return {
      manifest,
      store,
      record: { run: store.location, id, catalogue: searched.catalogue },
      searched,
      close: () => store.close(),
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

function whyNone({ arguments: given }: Manifest): string {
  if (given.verification === "relaxed") return "relaxed lists depend on drafts";
  if (given.acceptAbove !== undefined) return "its lists depend on candidates";
  return "it was made with `answers` drop, or by an earlier version of Nightbeam";
}

/** What decides lists besides the users' questions, or decides all questions; by its name in a plan. */
const DECIDING: Readonly<Record<"arguments" | "versions", readonly string[]>> = {
  arguments: [
    ...["scoring", "beamWidth", "precision", "device", "tf32", "excludeSeen"],
    ...["verification", "seed", "temperature", "drafted", "acceptAbove"],
  ],
  versions: ["target", "program"],
};

const WORDS: Readonly<Record<string, string>> = {
  target: "the hash of the target",
  program: "what the target is run for",
};

/**
 * Checks that lists of an earlier run can be those of a new one: the same model and settings. Other settings, such as the
 * number of items, do not matter, and each user's prompt and exclusions are compared later.
 *
 * @throws RunError NOT_REUSABLE, naming what differs
 */
export function assertReusable(
  { manifest, record }: Pick<EarlierRun, "manifest" | "record">,
  plan: Pick<RunPlan, "arguments" | "versions">,
): void {
  const differences = (["arguments", "versions"] as const).flatMap((part) =>
    DECIDING[part].flatMap((key) => {
      const [before, now] = [manifest[part][key], plan[part][key]];
      if (JSON.stringify(before) === JSON.stringify(now)) return [];
      return `${WORDS[key] ?? `\`${key}\``} was ${shown(before)} and is ${shown(now)}`;
    }),
  );
  if (differences.length === 0) return;
  throw notReusable(record.run, `its lists were made differently: ${differences.join("; ")}`);
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return "not set";
  return typeof value === "string" ? value.slice(0, 12) : JSON.stringify(value);
}

function notReusable(location: string, problem: string): RunError {
  return new RunError(
    "NOT_REUSABLE",
    `\`reuse\` ${location}: ${problem}. Without \`reuse\`, all lists are computed.`,
  );
}
