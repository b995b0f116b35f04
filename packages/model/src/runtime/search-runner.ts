import {
  gather,
  lengthClass,
  RequestGroups,
  type SearchAnswer,
  type SearchRequest,
} from "@nightbeam/decoding";
import type { WholeSearch } from "../programs/program.js";
import { searchBytes } from "../programs/search/search-bytes.js";
import type { SearchSetup } from "../programs/search/search-context.js";
import type { SearchProgram } from "../programs/search/search-program.js";
import { beamsByDepth } from "../programs/search/sizes.js";
import { checkPromptLength, NO_CACHE, type Runner } from "./runner.js";
import type { Session } from "./session.js";

export interface SearchRunnerOptions extends SearchSetup {
  readonly program: SearchProgram;
  readonly session: Session;
  /** Longest prompt, in tokens. */
  readonly maxPromptTokens: number;
  /** Bytes that the searches of one run may take besides the weights. */
  readonly searchBytes: number;
}

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

  readonly cacheUse = NO_CACHE;

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
      fits: (bytes) => bytes <= this.#options.searchBytes,
    });
    requests.forEach(({ prompt, closed, beamWidth }, place) => {
      checkPromptLength(prompt.length, this.#options);
      const promptLength = lengthClass(prompt.length);
      const name = `${promptLength} ${beamWidth}`;
      const home = kinds.get(name) ?? { promptLength, beamWidth };
      kinds.set(name, home);
      const size = searchBytes(this.#options, { ...home, closed: closed.length });
      groups.add(place, { home, size });
    });
    return groups.groups;
  }

  async #search(requests: readonly SearchRequest[], kind: RunKind): Promise<SearchAnswer[]> {
    const { program, session, onDevice } = this.#options;
    const longest = requests.reduce((most, { prompt }) => Math.max(most, prompt.length), 0);
    // A device sees the same shapes again and again; a CPU computes nothing that is not needed.
    const promptLength = onDevice ? kind.promptLength : longest;
    const run = { ...kind, requests: this.#padded(requests, kind), promptLength };
    const started = performance.now();
    const found = program.read(run, await session.run(program.pack(run), program.outputs));
    const milliseconds = (performance.now() - started) / requests.length;
    return found
      .slice(0, requests.length)
      .map((list) => ({ ...list, tokens: promptLength + list.nodes, milliseconds }));
  }

  /**
   * Adds copies of the last user: to a power of two on a device, and never a single row, which
   * onnxruntime adds up in another order on a CPU.
   */
  #padded(requests: readonly SearchRequest[], { beamWidth }: RunKind): readonly SearchRequest[] {
    const { trie, onDevice, architecture } = this.#options;
    const users = requests.length;
    const rowsByDepth = beamsByDepth(trie, beamWidth).slice(architecture.firstAncestor, -1);
    const hasSingleRow = users === 1 && rowsByDepth.includes(1);
    const padded = onDevice ? 2 ** Math.ceil(Math.log2(users)) : users;
    const count = hasSingleRow ? 2 : padded;
    const last = requests.slice(-1);
    return [...requests, ...Array.from({ length: count - users }, () => last).flat()];
  }
}
