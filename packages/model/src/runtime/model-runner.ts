import { gather, RequestGroups } from "@nightbeam/decoding";
import { ModelError } from "../errors.js";
import { nodeRows } from "../programs/node-rows.js";
import { packRun, type Run } from "../programs/pack-run.js";
import type { Answered, Program, ProgramSetup, PromptRequest } from "../programs/program.js";
import { MemoryTensors } from "./memory-tensors.js";
import { PromptCache } from "./prompt-cache.js";
import { type RunSize, runLimit, sizeOf } from "./run-size.js";
import { type CacheUse, checkPromptLength, type Runner } from "./runner.js";
import type { Session } from "./session.js";
import type { StartMemory } from "./start-memory.js";

export interface ModelRunnerOptions<Request extends PromptRequest, Result> extends ProgramSetup {
  readonly program: Program<Request, Result>;
  /** Bytes of keys and values kept between calls; 0: every call computes its prompts. */
  readonly cacheBytes: number;
  /** Longest prompt, in tokens. */
  readonly maxPromptTokens: number;
  /** The graph that computes prompts. */
  readonly full: Session;
  /** The graph that takes them from the cache; present if `cacheBytes` is not 0. */
  readonly cached: Session | undefined;
  /** What all prompts start with; present if `full` takes it. */
  readonly start?: StartMemory | undefined;
}

/** What the requests of one run have in common. */
interface RunKind {
  readonly promptLength: number;
  /** First tokens of the prompts that are known. */
  readonly start: number;
  /** Whether the prompts are taken from the cache. */
  readonly cached: boolean;
}

/**
 * Runs a program on a loaded model: answers calls of any mixture of prompt lengths, of cached and new
 * prompts. Blocks the thread that it runs on.
 */
export class ModelRunner<Request extends PromptRequest, Result extends object>
  implements Runner<Request, Answered<Result>>
{
  readonly #options: ModelRunnerOptions<Request, Result>;
  readonly #cache: PromptCache;
  readonly #memory: MemoryTensors;
  #hits = 0;
  #misses = 0;

  constructor(options: ModelRunnerOptions<Request, Result>) {
    const { architecture, trie, cacheBytes } = options;
    this.#options = options;
    this.#cache = new PromptCache({ limitBytes: cacheBytes });
    this.#memory = new MemoryTensors(this.#cache, { architecture, levels: trie.levels });
  }

  /** @throws ModelError PROMPT_TOO_LONG, RUNTIME */
  async run(requests: readonly Request[]): Promise<Answered<Result>[]> {
    const answers = await gather(requests, {
      groups: this.#split(requests),
      ask: async (asked, { home }) => {
        const run = this.#runOf(asked, home);
        const started = performance.now();
        const results = await this.#run(run);
        const milliseconds = (performance.now() - started) / asked.length;
        const promptTokens = home.cached ? 0 : home.promptLength - home.start;
        return results.slice(0, asked.length).map((result, at) => {
          return { ...result, tokens: promptTokens + (run.requests[at]?.count ?? 0), milliseconds };
        });
      },
      inTurn: true,
    });
    this.#cache.trim();
    return answers;
  }

  release(keys: readonly number[]): void {
    for (const key of keys) this.#cache.release(key);
  }

  get cacheUse(): CacheUse {
    const { bytes, evictions } = this.#cache;
    return { hits: this.#hits, misses: this.#misses, evictions, bytes };
  }

  buffersOf(answer: Answered<Result>): readonly ArrayBufferLike[] {
    return this.#options.program.buffersOf(answer);
  }

  async close(): Promise<void> {
    await this.#options.full.release();
    await this.#options.cached?.release();
  }

  /** Requests that one run can answer: of one prompt length, all cached or all new, and not too many. */
  #split(requests: readonly Request[]) {
    const { program } = this.#options;
    const kinds = new Map<string, RunKind>();
    const groups = new RequestGroups<RunKind, RunSize>(runLimit(this.#options));
    requests.forEach((request, place) => {
      const promptLength = request.prompt.length;
      checkPromptLength(promptLength, this.#options);
      const cached = this.#options.cached !== undefined && this.#cache.has(request.key);
      if (cached) this.#hits++;
      else this.#misses++;
      const start = cached ? 0 : (this.#options.start?.knownTokens(request.prompt) ?? 0);
      const name = `${promptLength} ${start} ${cached}`;
      const home = kinds.get(name) ?? { promptLength, start, cached };
      kinds.set(name, home);
      const size = sizeOf(this.#options, { ...home, tree: program.treeOf(request) });
      groups.add(place, { home, size });
    });
    return groups.groups;
  }

  #runOf(requests: readonly Request[], { promptLength, start, cached }: RunKind): Run<Request> {
    const { program, trie, architecture } = this.#options;
    const rowsOf = (request: Request) =>
      nodeRows(request, {
        tree: program.treeOf(request),
        architecture,
        levels: trie.levels,
        cachedRow: (prefix) => (cached ? this.#cache.cachedRow(request.key, prefix) : undefined),
      });
    const rows = requests.map(rowsOf);
    // A run of a single row would add up in another order: it gets the row twice. Prompts and nodes are rows of
    // one product if the root is a prompt's last token, and of two if it is a node.
    const [only, ...others] = rows;
    const isAlone = only !== undefined && others.length === 0;
    const nodesAlone = cached || architecture.firstAncestor === 0;
    const isSingle = isAlone && nodesAlone && (only.count === 1 || (!cached && promptLength === 1));
    const all = isSingle ? [...rows, ...rows] : rows;
    const cachedRows = cached
      ? all.map(({ request }) => this.#cache.nodeCount(request.key))
      : undefined;
    return { requests: all, promptLength, start, cachedRows };
  }

  async #run(run: Run<Request>): Promise<Result[]> {
    const { program, full, cached, start } = this.#options;
    const session = run.cachedRows === undefined ? full : cached;
    if (session === undefined) throw new ModelError("RUNTIME", "the prompt cache has no graph");
    const packed = packRun(this.#options, run);
    const feeds = {
      ...packed.feeds,
      ...program.pack(run.requests),
      ...this.#memory.feeds(run),
      ...(session === full ? start?.feeds(run.start ?? 0) : {}),
    };
    const kept = this.#memory.outputsOf(run);
    const outputs = await session.run({ ...packed, feeds }, [...program.outputs, ...kept]);
    if (kept.length > 0) this.#memory.keep(run, outputs);
    return program.read(run.requests, outputs);
  }
}
