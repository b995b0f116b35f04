import { wholeNumber } from "./options.js";
import type { SearchOutcome } from "./search/search-cost.js";
import { type DecodeJob, type Decoder, decodeBatch } from "./speculative-decoder.js";

/** A user of a shard; the shard gives out the keys. Where several ask the same, the first is told. */
export type ShardUser = Omit<DecodeJob, "key">;

export interface ShardOptions {
  readonly decoder: Decoder;
  /** How a batch is decoded. Default: `decodeBatch`. */
  readonly decode?: typeof decodeBatch | undefined;
  /**
   * What `decode` goes by besides prompt and exclusions, as a text: users in whom it differs do not
   * share an outcome. Default: nothing.
   */
  readonly identify?: ((user: ShardUser) => string) | undefined;
  /** Users that share a call of the target, at most. */
  readonly batchSize: number;
  /** Batches under way at once: while one waits for the target, another is drafted or searched. */
  readonly concurrency: number;
  /** Gives keys that no other shard under way uses. */
  readonly nextKey: () => number;
  /** Told after each batch. */
  readonly onProgress?: (batch: ShardProgress) => void;
  readonly signal?: AbortSignal;
}

/** What one more batch settled. */
export interface ShardProgress {
  /** Users of the shard who are done with it; more than outcomes where several asked the same. */
  readonly users: number;
  readonly outcomes: readonly SearchOutcome[];
}

export interface ShardOutcome {
  /** In the order of the users; users with the same question share one outcome. */
  readonly outcomes: readonly SearchOutcome[];
  /** The outcomes that were really computed: one for each different question. */
  readonly searched: readonly SearchOutcome[];
}

/**
 * Decodes a shard: users with the same prompt and the same exclusions once, unless lists are drawn
 * or depend on more, users of equal prompt length together, longest first so that the last batches
 * are the short ones.
 *
 * The first batch that fails stops the shard: no other is begun, and those under way are waited
 * for, so that nothing runs on behind the caller's back.
 *
 * @throws what decoding a batch throws; the signal's reason when it is aborted between batches;
 * DecodingError BAD_OPTION where the batch size or the concurrency is not a whole number above 0
 */
export async function decodeShard(
  users: readonly ShardUser[],
  options: ShardOptions,
): Promise<ShardOutcome> {
  const batchSize = wholeNumber(options.batchSize, { name: "batch size", min: 1 });
  const concurrency = wholeNumber(options.concurrency, { name: "concurrency", min: 1 });
  const { decoder, decode = decodeBatch } = options;
  const batches = inBatches(sameQuestions(users, options), batchSize);
  const outcomes = new Array<SearchOutcome>(users.length);
  const searched: SearchOutcome[] = [];
  const failures: unknown[] = [];
  const decodeNext = async (batch: readonly Question[]): Promise<void> => {
    options.signal?.throwIfAborted();
    const jobs = batch.map(({ user }) => ({ ...user, key: options.nextKey() }));
    const decoded = await decode(decoder, jobs);
    searched.push(...decoded);
    decoded.forEach((outcome, at) => {
      for (const member of batch[at]?.members ?? []) outcomes[member] = outcome;
    });
    const users = batch.reduce((sum, { members }) => sum + members.length, 0);
    options.onProgress?.({ users, outcomes: decoded });
  };
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) {
      await decodeNext(batch).catch((reason: unknown) => failures.push(reason));
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, batches.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return { outcomes, searched };
}

interface Question {
  readonly user: ShardUser;
  /** Places in the shard of the users who ask it. */
  readonly members: number[];
}

function sameQuestions(
  users: readonly ShardUser[],
  { decoder, identify = () => "" }: Pick<ShardOptions, "decoder" | "identify">,
): Question[] {
  // What is drawn is everyone's own.
  const { kind } = decoder.verification ?? { kind: "strict" };
  const isDrawn = kind !== "strict";
  const questions = new Map<string, Question>();
  users.forEach((user, place) => {
    const own = isDrawn ? `|${user.name}` : "";
    const name = `${user.prompt.join(" ")}|${user.exclusion.signature}|${identify(user)}${own}`;
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
