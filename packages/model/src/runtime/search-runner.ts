import {
  gather,
  lengthClass,
  RequestGroups,
  type SearchAnswer,
  type SearchRequest,
} from "@nightbeam/decoding";
import { ModelError } from "../errors.js";
import { searchNames } from "../programs/beam-search/graph.js";
import { packSearches } from "../programs/beam-search/pack.js";
import { readSearches } from "../programs/beam-search/read.js";
import { searchBytes } from "../programs/beam-search/search-bytes.js";
import { beamsByDepth } from "../programs/beam-search/sizes.js";
import type { SearchSetup } from "../programs/beam-search/trie-tensors.js";
import type { WholeSearch } from "../programs/program.js";
import type { Runner } from "./runner.js";
import type { Session } from "./session.js";

export interface SearchRunnerOptions extends SearchSetup {
  readonly session: Session;
  /** Longest prompt, in tokens. */
  readonly maxPromptTokens: number;
  /** Whether prompts are padded to their class's length, rather than to the longest of a run. */
  readonly fixedShapes: boolean;
}

/** Bytes that the searches of one run may take, besides weights: a gigabyte. */
const MAX_RUN_BYTES = 2 ** 30;

/** What the searches of one run have in common. */
interface RunKind {
  readonly promptLength: number;
  readonly beamWidth: number;
}

/** Runs whole searches, users of about the same prompt length together, as many as memory allows. */
export class SearchRunner implements Runner<WholeSearch, SearchAnswer> {
  readonly #options: SearchRunnerOptions;

  constructor(options: SearchRunnerOptions) {
    this.#options = options;
  }

  /** @throws ModelError PROMPT_TOO_LONG, RUNTIME */
  run(requests: readonly WholeSearch[]): Promise<SearchAnswer[]> {
    return gather(requests, {
      groups: this.#split(requests),
      ask: (asked, { home }) => this.#search(asked, home),
      inTurn: true,
    });
  }

  /** Nothing is kept. */
  release(): void {}

  close(): Promise<void> {
    return this.#options.session.release();
  }

  /** Lists are short: they are copied. */
  buffersOf(): readonly ArrayBufferLike[] {
    return [];
  }

  #split(requests: readonly WholeSearch[]) {
    const kinds = new Map<string, RunKind>();
    const groups = new RequestGroups<RunKind, number>({
      sum: (a, b) => a + b,
      fits: (bytes) => bytes <= MAX_RUN_BYTES,
    });
    requests.forEach(({ prompt, beamWidth }, place) => {
      this.#checkLength(prompt.length);
      const promptLength = lengthClass(prompt.length);
      const name = `${promptLength} ${beamWidth}`;
      const home = kinds.get(name) ?? { promptLength, beamWidth };
      kinds.set(name, home);
      groups.add(place, { home, size: searchBytes(this.#options, home) });
    });
    return groups.groups;
  }

  #checkLength(length: number): void {
    const { maxPromptTokens } = this.#options;
    if (length > 0 && length <= maxPromptTokens) return;
    throw new ModelError(
      "PROMPT_TOO_LONG",
      `a prompt has ${length} tokens, but must have 1 to ${maxPromptTokens}`,
    );
  }

  async #search(requests: readonly SearchRequest[], kind: RunKind): Promise<SearchAnswer[]> {
    const { session, trie, fixedShapes } = this.#options;
    const longest = requests.reduce((most, { prompt }) => Math.max(most, prompt.length), 0);
    const promptLength = fixedShapes ? kind.promptLength : longest;
    const started = performance.now();
    const inputs = packSearches(this.#options, { ...kind, requests, promptLength });
    const outputs = await session.run(inputs, [searchNames.leaves, searchNames.scores]);
    const found = readSearches(outputs, { users: requests.length, trie });
    const milliseconds = (performance.now() - started) / requests.length;
    const nodes = beamsByDepth(trie, kind.beamWidth)
      .slice(1, -1)
      .reduce((sum, count) => sum + count, 0);
    return found.map((beams) => ({
      beams,
      draftedLevels: 0,
      nodes,
      tokens: promptLength + nodes,
      milliseconds,
    }));
  }
}
