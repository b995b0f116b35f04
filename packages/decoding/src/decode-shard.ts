import { type DecodeJob, type Decoder, decodeBatch } from "./decode-batch.js";
import type { SearchOutcome } from "./outcome.js";

/** A user of a shard; the shard gives out the keys. */
export type ShardUser = Omit<DecodeJob, "key">;

export interface ShardOptions {
  readonly decoder: Decoder;
  /** Users that share a call of the target, at most. */
  readonly batchSize: number;
  /** Batches under way at once: while one waits for the target, another is drafted or searched. */
  readonly concurrency: number;
  /** Gives keys that no other shard under way uses. */
  readonly nextKey: () => number;
  /** Told after each batch how many more users are done. */
  readonly onProgress?: (users: number) => void;
  readonly signal?: AbortSignal;
}

export interface ShardOutcome {
  /** In the order of the users; users with the same question share one outcome. */
  readonly outcomes: readonly SearchOutcome[];
  /** The outcomes that were really computed: one for each different question. */
  readonly searched: readonly SearchOutcome[];
}

/**
 * Decodes a shard: users with the same prompt and the same exclusions once, users of equal prompt
 * length together, longest first so that the last batches are the short ones.
 *
 * @throws what `decodeBatch` throws; the signal's reason when it is aborted between batches
 */
export async function decodeShard(
  users: readonly ShardUser[],
  options: ShardOptions,
): Promise<ShardOutcome> {
  const groups = sameQuestions(users);
  const batches = inBatches(groups, options.batchSize);
  const outcomes = new Array<SearchOutcome>(users.length);
  const searched: SearchOutcome[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) {
      options.signal?.throwIfAborted();
      const jobs = batch.map(({ user }) => ({ ...user, key: options.nextKey() }));
      const decoded = await decodeBatch(options.decoder, jobs);
      searched.push(...decoded);
      decoded.forEach((outcome, at) => {
        for (const member of batch[at]?.members ?? []) outcomes[member] = outcome;
      });
      options.onProgress?.(batch.reduce((sum, { members }) => sum + members.length, 0));
    }
  };
  // One lane that fails must not leave the others running behind the caller's back.
  const lanes = await Promise.allSettled(Array.from({ length: options.concurrency }, lane));
  for (const result of lanes) if (result.status === "rejected") throw result.reason;
  return { outcomes, searched };
}

interface Question {
  readonly user: ShardUser;
  /** Places in the shard of the users who ask it. */
  readonly members: number[];
}

function sameQuestions(users: readonly ShardUser[]): Question[] {
  const questions = new Map<string, Question>();
  users.forEach((user, place) => {
    const name = `${user.prompt.join(" ")}|${user.exclusion.signature}`;
    const question = questions.get(name);
    if (question === undefined) questions.set(name, { user, members: [place] });
    else question.members.push(place);
  });
  return [...questions.values()];
}

/** Batches of equal prompt length, so that no prompt is padded. */
function inBatches(questions: readonly Question[], batchSize: number): Question[][] {
  const byLength = new Map<number, Question[]>();
  for (const question of questions) {
    const { length } = question.user.prompt;
    const group = byLength.get(length) ?? [];
    group.push(question);
    byLength.set(length, group);
  }
  const batches: Question[][] = [];
  for (const [, group] of [...byLength].sort(([a], [b]) => b - a)) {
    for (let at = 0; at < group.length; at += batchSize)
      batches.push(group.slice(at, at + batchSize));
  }
  return batches;
}
