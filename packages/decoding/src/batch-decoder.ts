import type { Exclusion } from "@nightbeam/catalogue";
import { requireThat } from "./errors.js";
import type { Answer } from "./reuse/answer.js";
import type { Beams } from "./search/beams.js";
import type { RecordedSearch } from "./search/recorded-search.js";
import type { SearchCost } from "./search/search-cost.js";
import type { KnownTree } from "./tree/known-tree.js";

/** One user to be decoded. */
export interface DecodeJob {
  /** Unique among running jobs; reuse it later only for the same prompt. */
  readonly key: number;
  /** The user's name in the histories: drawn lists depend on it, and some drafters have lists by name. */
  readonly name?: string | undefined;
  /** Token ids, at least one. Shape [tokens]. */
  readonly prompt: Int32Array;
  /** Catalogue indices of the user's items, oldest first, for drafters that count items. */
  readonly history: Uint32Array;
  /** What the user must not be recommended. */
  readonly exclusion: Exclusion;
  /** Called after the search with what the target answered about the user. Default: nothing is kept. */
  readonly onKnown?: (known: KnownTree) => void;
  /**
   * Once it is aborted, the job takes part in no further call of the model, and its outcome means nothing. The other
   * jobs go on. Whole searches and
   * searches with proposed items ignore it. Default: the job is decoded to its end.
   */
  readonly signal?: AbortSignal | undefined;
  /** Called after the search with how it went. Default: nothing is recorded. */
  readonly onSearched?: ((search: RecordedSearch) => void) | undefined;
  /**
   * Called after the search with what it found, to be kept and reused while it holds (`stillHolds`). Not
   * called for relaxed lists and for lists with candidates. Default: nothing is kept.
   */
  readonly onAnswer?: ((answer: Answer) => void) | undefined;
}

/** A user's best code paths, and what they cost. */
export interface SearchOutcome {
  readonly beams: Beams;
  readonly cost: SearchCost;
  /** What became of the items that were proposed for the user; undefined if none could be. */
  readonly acceptance?: Acceptance;
}

/** The target's verdict on the items that were proposed for a user. */
export interface Acceptance {
  /** Leaves among the beams that are there because they were proposed and accepted. */
  readonly accepted: ReadonlySet<number>;
  /** Number of proposals that the user may get. */
  readonly proposed: number;
  /** Leaves of those that were checked. Shape [checked]. */
  readonly checked: Uint32Array;
  /** The target's log-probabilities (nats) of their paths. Shape [checked]. */
  readonly scores: Float64Array;
  /** Which leaves have new items alone, if these have a threshold of their own. */
  readonly isNew: ((leaf: number) => boolean) | undefined;
  /** The result of the target's own search; undefined if accepted items took all places. */
  readonly own: Beams | undefined;
}

/**
 * Decodes users together. Implementations differ in how they find a list: round by round with a
 * target that is asked for log-probabilities, in one pass on a device, or by a remote service.
 */
export interface BatchDecoder {
  /**
   * Returns the outcomes in the order of the jobs.
   *
   * @param signal checked at least between calls of the model
   * @throws DecodingError; the signal's reason if it is aborted; what a model throws
   */
  decode(jobs: readonly DecodeJob[], signal: AbortSignal): Promise<readonly SearchOutcome[]>;
  /**
   * Names what decides a user's list: jobs with equal questions have equal lists of code paths, in
   * every process and run. SHA-256 in hex; `question.ts` documents what is hashed.
   */
  questionOf(job: Omit<DecodeJob, "key">): string;
  /**
   * Prompts whose lengths are of one class are best decoded together: shorter ones are padded. Default:
   * those of equal length.
   */
  lengthClassOf?(tokens: number): number;
  /** Users of a batch beyond which it only takes more memory. Default: no limit. */
  readonly maxUsers?: number | undefined;
}

/**
 * Checks the jobs that a decoder gets.
 *
 * @throws DecodingError BAD_OPTION
 */
export function checkJobs(jobs: readonly DecodeJob[]): void {
  checkUsers(jobs, "jobs");
  jobs.forEach(({ key }, at) => {
    requireThat(Number.isInteger(key), `jobs[${at}].key must be a whole number`);
  });
}

/**
 * Checks users once, as they enter the package: JavaScript callers have no types.
 *
 * @throws DecodingError BAD_OPTION
 */
export function checkUsers(users: readonly Omit<DecodeJob, "key">[], name: string): void {
  requireThat(Array.isArray(users), `${name} must be an array`);
  users.forEach((user, at) => {
    const place = `${name}[${at}]`;
    requireThat(typeof user === "object" && user !== null, `${place} must be an object`);
    const { prompt, history, exclusion } = user;
    requireThat(prompt instanceof Int32Array, `${place}.prompt must be an Int32Array`);
    requireThat(history instanceof Uint32Array, `${place}.history must be a Uint32Array`);
    const isExclusion = typeof exclusion?.isDead === "function";
    requireThat(isExclusion, `${place}.exclusion must be an Exclusion, such as NOTHING_EXCLUDED`);
  });
}
