import { type Catalogue, type CatalogueChange, catalogueChange } from "@nightbeam/catalogue";
import type { SearchOutcome } from "@nightbeam/decoding";
import { keptOutcome, type ListQuestions, type ReadyUser } from "@nightbeam/recommend";
import { type KeptAnswer, keptAnswers, openEarlierRun, QUESTION_BYTES } from "@nightbeam/run";
import { grown, UserTable } from "../histories/user-table.js";

export interface NightAnswersOptions {
  readonly questions: ListQuestions;
  /** The catalogue that is searched here. */
  readonly catalogue: Catalogue;
  /** From the catalogue of the run to that of now; undefined if it is the same. */
  readonly change: CatalogueChange | undefined;
}

/** What the searches of a run found, in memory, by user: some hundred bytes each. */
export class NightAnswers {
  readonly #options: NightAnswersOptions;
  readonly #users = new UserTable();
  #questions = new Uint8Array(QUESTION_BYTES * 1_024);
  #bytes = new Uint8Array(1 << 18);
  #used = 0;
  /** Where the answer of a user begins and ends: two values per user. */
  #places = new Float64Array(2_048);

  constructor(options: NightAnswersOptions) {
    this.#options = options;
  }

  /** Number of users. */
  get size(): number {
    return this.#users.size;
  }

  add(answers: readonly KeptAnswer[]): void {
    const bytes = (length: number) => new Uint8Array(length);
    const doubles = (length: number) => new Float64Array(length);
    for (const { user: name, question, answer } of answers) {
      const user = this.#users.add(name);
      const begin = this.#used;
      this.#used += answer.length;
      const questionEnd = QUESTION_BYTES * (user + 1);
      this.#questions = grown(this.#questions, { length: questionEnd, make: bytes });
      this.#questions.set(question, questionEnd - QUESTION_BYTES);
      this.#bytes = grown(this.#bytes, { length: this.#used, make: bytes });
      this.#bytes.set(answer, begin);
      this.#places = grown(this.#places, { length: 2 * (user + 1), make: doubles });
      this.#places.set([begin, this.#used], 2 * user);
    }
  }

  /**
   * What a search would find, if the user asks what was asked in the run, and the changes of the catalogue provably leave
   * the answer as it is.
   *
   * @throws DecodingError BAD_ANSWER for a damaged answer
   */
  outcomeFor(user: ReadyUser): SearchOutcome | undefined {
    const { questions, catalogue, change } = this.#options;
    const known = this.#users.find(user.name);
    if (known === undefined) return undefined;
    const asked = this.#questions.subarray(QUESTION_BYTES * known, QUESTION_BYTES * (known + 1));
    if (Buffer.compare(asked, questions(user)) !== 0) return undefined;
    const [begin = 0, end = 0] = this.#places.subarray(2 * known, 2 * known + 2);
    return keptOutcome(this.#bytes.subarray(begin, end), { trie: catalogue.trie, change });
  }
}

/**
 * Reads the answers of a complete run.
 *
 * @param now.compared the catalogue without what is closed for all users
 * @throws RunError NOT_REUSABLE if the run kept none; RUN_DAMAGED; StoreError
 */
export async function openNightAnswers(
  location: string,
  now: Pick<NightAnswersOptions, "questions" | "catalogue"> & { readonly compared: Catalogue },
): Promise<NightAnswers> {
  const { compared, ...options } = now;
  const run = await openEarlierRun(location);
  try {
    const { record, searched, store, manifest } = run;
    const change =
      record.catalogue === compared.hash
        ? undefined
        : catalogueChange(searched.trie, compared.trie);
    const answers = new NightAnswers({ ...options, change });
    for await (const part of keptAnswers(store, manifest)) answers.add(part.values);
    return answers;
  } finally {
    run.close();
  }
}
