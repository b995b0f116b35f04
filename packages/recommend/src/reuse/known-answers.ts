import type { CatalogueChange, Trie } from "@nightbeam/catalogue";
import {
  type Answer,
  decodeAnswer,
  encodeAnswer,
  outcomeOf,
  type SearchOutcome,
  stillHolds,
} from "@nightbeam/decoding";
import type { KeptAnswer, RunStats } from "@nightbeam/run";
import type { ReadyUser } from "../shard/users.js";
import type { ListQuestions } from "./list-questions.js";

/** What users may take from an earlier run. */
export interface EarlierAnswers {
  readonly byUser: ReadonlyMap<string, KeptAnswer>;
  /** From the catalogue that was searched then to that of now; undefined if it is the same. */
  readonly change: CatalogueChange | undefined;
}

export interface AnswersOptions {
  readonly questions: ListQuestions;
  /** Whether answers are kept for later runs. */
  readonly keep: boolean;
  /** Default: all users are computed. */
  readonly earlier?: EarlierAnswers | undefined;
}

/** Why the list of a user who has an answer, or not, is computed. */
type Reason = "computedNew" | "computedChanged" | "computedCatalogue";

/**
 * What a search would find now, from what one found before; undefined if the changes of the catalogue may concern it.
 *
 * @throws DecodingError BAD_ANSWER for a damaged answer
 */
export function keptOutcome(
  bytes: Uint8Array,
  { trie, change }: { readonly trie: Trie } & Pick<EarlierAnswers, "change">,
): SearchOutcome | undefined {
  const answer = decodeAnswer(bytes);
  if (change !== undefined && !stillHolds(answer, change).holds) return undefined;
  return outcomeOf(answer, trie);
}

/** The users of a shard: those whose answer is known, and those that are to be searched. */
export class KnownAnswers {
  readonly #users: readonly ReadyUser[];
  readonly #keep: boolean;
  /** By user, the question in hex. */
  readonly #questions: readonly string[];
  readonly #outcomes: readonly (SearchOutcome | undefined)[];
  /** The answers in bytes, by question. */
  readonly #answers = new Map<string, Uint8Array>();
  readonly stats: RunStats;

  /** @throws DecodingError BAD_ANSWER for a damaged answer */
  constructor(
    users: readonly ReadyUser[],
    { questions, keep, earlier, trie }: AnswersOptions & { readonly trie: Trie },
  ) {
    this.#users = users;
    this.#keep = keep;
    this.#questions = users.map((user) => Buffer.from(questions(user)).toString("hex"));
    const outcomes = new Map<string, SearchOutcome>();
    const reasons = users.map(({ name }, at): Reason => {
      const question = this.#questions[at] ?? "";
      const kept = earlier?.byUser.get(name);
      if (earlier === undefined || kept === undefined) return "computedNew";
      if (Buffer.from(kept.question).toString("hex") !== question) return "computedChanged";
      if (outcomes.has(question)) return "computedCatalogue";
      const outcome = keptOutcome(kept.answer, { trie, change: earlier.change });
      if (outcome !== undefined) {
        outcomes.set(question, outcome);
        this.#answers.set(question, kept.answer);
      }
      return "computedCatalogue";
    });
    // Users with equal questions have equal lists, whichever of them has the answer.
    this.#outcomes = this.#questions.map((question) => outcomes.get(question));
    this.stats = earlier === undefined ? {} : this.#counted(reasons);
  }

  /** The users to search, in their order. */
  get searched(): readonly ReadyUser[] {
    return this.#users.flatMap((user, at) => {
      if (this.#outcomes[at] !== undefined) return [];
      if (!this.#keep) return user;
      const question = this.#questions[at] ?? "";
      // Called for every user who asks it: encoded once.
      const onAnswer = (answer: Answer) => {
        if (!this.#answers.has(question)) this.#answers.set(question, encodeAnswer(answer));
      };
      return { ...user, onAnswer };
    });
  }

  /** Whether the answer of the user at this place was known before. */
  isKnown(at: number): boolean {
    return this.#outcomes[at] !== undefined;
  }

  /** The outcomes of all users. @param searched those of `searched`, in their order */
  outcomes(searched: readonly SearchOutcome[]): readonly SearchOutcome[] {
    const next = searched.values();
    return this.#outcomes.flatMap((known) => known ?? next.next().value ?? []);
  }

  /** What is kept for later runs, of all users, once they are searched. */
  kept(): readonly KeptAnswer[] | undefined {
    if (!this.#keep) return undefined;
    return this.#users.flatMap(({ name }, at) => {
      const question = this.#questions[at] ?? "";
      const answer = this.#answers.get(question);
      if (answer === undefined) return [];
      return { user: name, question: Buffer.from(question, "hex"), answer };
    });
  }

  #counted(reasons: readonly Reason[]): RunStats {
    const stats = { reusedUsers: 0, computedNew: 0, computedChanged: 0, computedCatalogue: 0 };
    for (const [at, reason] of reasons.entries()) {
      stats[this.#outcomes[at] === undefined ? reason : "reusedUsers"]++;
    }
    return stats;
  }
}
