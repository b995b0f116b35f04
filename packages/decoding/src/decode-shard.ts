import {
  type BatchDecoder,
  checkUsers,
  type DecodeJob,
  type SearchOutcome,
} from "./batch-decoder.js";
import { wholeNumber } from "./errors.js";

/**
 * A user of a shard; the shard assigns the keys. If several users ask the same, `onKnown` of the first is called, and
 * `onSearched` and `onAnswer` of all.
 */
export type ShardUser = Omit<DecodeJob, "key" | "signal">;

export interface ShardOptions {
  readonly decoder: BatchDecoder;
  /** Users per batch, at most; fewer if the decoder has a lower limit. */
  readonly batchSize: number;
  /** Batches in progress at once: while one waits for the target, another is drafted or searched. */
  readonly concurrency: number;
  /** Returns keys that no other shard in progress uses. */
  readonly nextKey: () => number;
  /** Called after each batch. */
  readonly onProgress?: ((batch: ShardProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What one more batch has settled. */
export interface ShardProgress {
  /** Users whose list is found; more than outcomes if several asked the same. */
  readonly users: number;
  readonly outcomes: readonly SearchOutcome[];
}

export interface ShardOutcome {
  /** In the order of the users; users with the same question share one outcome. */
  readonly outcomes: readonly SearchOutcome[];
  /** The outcomes that were really computed, one per different question, in no particular order. */
  readonly searched: readonly SearchOutcome[];
}

/**
 * Decodes a shard: users with the same question once, users of equal prompt length (or about equal, if the
 * decoder pads prompts) together, longest first so that the last batches are the short ones.
 *
 * The first batch that fails stops the shard: no other is begun, and those in progress are waited for,
 * so that nothing keeps running after the promise settles.
 *
 * @throws what decoding a batch throws; the signal's reason if it is aborted before the last batch is
 * done; DecodingError BAD_OPTION for wrong users, batch size or concurrency
 */
export async function decodeShard(
  users: readonly ShardUser[],
  options: ShardOptions,
): Promise<ShardOutcome> {
  checkUsers(users, "users");
  const { decoder, signal = new AbortController().signal } = options;
  const batchSize = wholeNumber(options.batchSize, { name: "batch size", min: 1 });
  const concurrency = wholeNumber(options.concurrency, { name: "concurrency", min: 1 });
  const batches = inBatches(distinctQuestions(users, decoder), { decoder, batchSize });
  const outcomes = new Array<SearchOutcome>(users.length);
  const searched: SearchOutcome[] = [];
  const failures: unknown[] = [];
  const decodeNext = async (batch: readonly Question[]): Promise<void> => {
    signal.throwIfAborted();
    const jobs = batch.map((question) => jobOf(question, options.nextKey()));
    const decoded = await decoder.decode(jobs, signal);
    searched.push(...decoded);
    decoded.forEach((outcome, at) => {
      for (const member of batch[at]?.members ?? []) outcomes[member] = outcome;
    });
    const users = batch.reduce((sum, { members }) => sum + members.length, 0);
    options.onProgress?.({ users, outcomes: decoded });
  };
  let next = 0;
  const decodeUntilDone = async (): Promise<void> => {
    for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) {
      await decodeNext(batch).catch((reason: unknown) => failures.push(reason));
      if (failures.length > 0) return;
    }
  };
  const loops = Math.min(concurrency, batches.length);
  await Promise.all(Array.from({ length: loops }, decodeUntilDone));
  if (failures.length > 0) throw failures[0];
  return { outcomes, searched };
}

interface Question {
  readonly user: ShardUser;
  /** Indices of the users who ask it. */
  readonly members: number[];
  /** Those that want to know how the search went, and what it found. */
  readonly onSearched: NonNullable<ShardUser["onSearched"]>[];
  readonly onAnswer: NonNullable<ShardUser["onAnswer"]>[];
}

function jobOf({ user, onSearched, onAnswer }: Question, key: number): DecodeJob {
  return { ...user, key, onSearched: toAll(onSearched), onAnswer: toAll(onAnswer) };
}

/** Calls all listeners; undefined if there are none, as what they are called with costs time. */
function toAll<Value>(
  listeners: readonly ((value: Value) => void)[],
): ((value: Value) => void) | undefined {
  if (listeners.length === 0) return undefined;
  return (value) => {
    for (const listener of listeners) listener(value);
  };
}

function distinctQuestions(users: readonly ShardUser[], decoder: BatchDecoder): Question[] {
  const questions = new Map<string, Question>();
  users.forEach((user, at) => {
    const name = decoder.questionOf(user);
    const question = questions.get(name) ?? { user, members: [], onSearched: [], onAnswer: [] };
    questions.set(name, question);
    question.members.push(at);
    if (user.onSearched !== undefined) question.onSearched.push(user.onSearched);
    if (user.onAnswer !== undefined) question.onAnswer.push(user.onAnswer);
  });
  return [...questions.values()];
}

/** Batches of prompts of one length, or of about one length if the decoder pads them. */
function inBatches(
  questions: readonly Question[],
  { decoder, batchSize }: Pick<ShardOptions, "decoder" | "batchSize">,
): Question[][] {
  const byClass = new Map<number, Question[]>();
  for (const question of questions) {
    const { length } = question.user.prompt;
    const lengthClass = decoder.lengthClassOf?.(length) ?? length;
    const group = byClass.get(lengthClass) ?? [];
    group.push(question);
    byClass.set(lengthClass, group);
  }
  const batches: Question[][] = [];
  const size = Math.min(batchSize, decoder.maxUsers ?? batchSize);
  for (const [, group] of [...byClass].sort(([a], [b]) => b - a)) {
    for (let at = 0; at < group.length; at += size) batches.push(group.slice(at, at + size));
  }
  return batches;
}
