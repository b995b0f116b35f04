import type { Trie } from "@nightbeam/catalogue";
import type { ScoreAnswer, ScoreRequest } from "@nightbeam/decoding";
import { Tensor } from "onnxruntime-node";
import type { ModelConfig } from "../checkpoint/model-config.js";
import { ModelError } from "../errors.js";
import { memoryNames } from "../graph/call-memory.js";
import type { Answers } from "./answers.js";
import { type Feeds, packCall } from "./feeds.js";
import { rowsOf, type UserRows } from "./layout.js";
import { type CallMemory, PromptCache } from "./memory.js";
import type { Session } from "./session.js";

export interface EngineOptions {
  readonly config: ModelConfig;
  readonly trie: Trie;
  readonly answers: Answers;
  readonly codeTokens: readonly Int32Array[];
  /** Bytes of keys and values kept between calls; 0: every call computes its prompts. */
  readonly cacheBytes: number;
  /** Longest prompt with a code path behind it, in tokens. */
  readonly maxPositions: number;
  /** The graph that computes prompts. */
  readonly full: Session;
  /** The graph that takes them from the cache; present if `cacheBytes` is not 0. */
  readonly cached: Session | undefined;
}

/** Attention scores of prompts that one run may hold, 4 bytes each: a quarter of a gigabyte. */
const MAX_PROMPT_SCORES = 2 ** 26;

/**
 * One loaded model: answers requests, whatever mixture of prompt lengths, cached and new users they
 * are. Runs on the thread that calls it, and blocks it.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #cache: PromptCache;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#cache = new PromptCache({ limitBytes: options.cacheBytes });
  }

  /** @throws ModelError PROMPT_TOO_LONG, RUNTIME */
  async score(requests: readonly ScoreRequest[]): Promise<ScoreAnswer[]> {
    const answers = new Array<ScoreAnswer>(requests.length);
    for (const group of this.#groups(requests)) {
      const users = group.members.map(({ request }) => this.#rowsOf(request, group.cached));
      const started = performance.now();
      const answered = await this.#run({ users, ...group });
      const milliseconds = (performance.now() - started) / users.length;
      group.members.forEach(({ place }, at) => {
        const answer = answered[at];
        if (answer !== undefined) answers[place] = { ...answer, milliseconds };
      });
    }
    this.#cache.trim();
    return answers;
  }

  release(keys: readonly number[]): void {
    for (const key of keys) this.#cache.release(key);
  }

  async close(): Promise<void> {
    await this.#options.full.release();
    await this.#options.cached?.release();
  }

  /** Requests that one run can answer: of one prompt length, all cached or all new. */
  #groups(requests: readonly ScoreRequest[]): Group[] {
    const groups = new Map<string, Group>();
    requests.forEach((request, place) => {
      const { length } = request.prompt;
      const { maxPositions, trie } = this.#options;
      if (length === 0 || length + trie.levels - 1 > maxPositions) {
        throw new ModelError(
          "PROMPT_TOO_LONG",
          `a prompt of ${length} tokens does not fit: 1 to ${maxPositions - trie.levels + 1} do`,
        );
      }
      const cached = this.#options.cached !== undefined && this.#cache.has(request.key);
      const name = `${length} ${cached}`;
      const group = groups.get(name) ?? { promptLength: length, cached, members: [] };
      groups.set(name, group);
      group.members.push({ request, place });
    });
    return [...groups.values()].flatMap((group) => this.#inRuns(group));
  }

  /** Long prompts come few at a time: their attention holds a score for each pair of tokens and head. */
  #inRuns(group: Group): Group[] {
    const { members, promptLength, cached } = group;
    const scores = cached ? 1 : this.#options.config.heads * promptLength ** 2;
    const most = Math.max(1, Math.floor(MAX_PROMPT_SCORES / scores));
    return Array.from({ length: Math.ceil(members.length / most) }, (_, run) => ({
      ...group,
      members: members.slice(run * most, (run + 1) * most),
    }));
  }

  #rowsOf(request: ScoreRequest, cached: boolean): UserRows {
    return rowsOf(request, {
      levels: this.#options.trie.levels,
      cachedRow: (prefix) => (cached ? this.#cache.cachedRow(request.key, prefix) : undefined),
    });
  }

  async #run(
    call: Group & { users: readonly UserRows[] },
  ): Promise<Omit<ScoreAnswer, "milliseconds">[]> {
    const { users, promptLength, cached } = call;
    const { answers } = this.#options;
    const keys = users.map(({ request }) => request.key);
    const cachedRows = cached ? keys.map((key) => this.#cache.nodeCount(key)) : undefined;
    const feeds: Feeds = {
      ...packCall(this.#options, { users, promptLength, cachedRows }),
      ...answers.pack(users),
      ...(cachedRows === undefined ? {} : this.#remembered({ keys, promptLength, cachedRows })),
    };
    const session = cached ? this.#options.cached : this.#options.full;
    if (session === undefined) throw new ModelError("RUNTIME", "the prompt cache has no graph");
    const kept = this.#keptNames(users, cached);
    const outputs = await session.run(feeds, [...answers.outputs, ...kept]);
    const floats = (name: string): Float32Array => {
      const data = outputs[name]?.data;
      if (data instanceof Float32Array) return data;
      throw new ModelError("RUNTIME", `the model returned no ${name}`);
    };
    if (kept.length > 0) this.#remember(call, floats);
    const logProbs = answers.read(users, answers.outputs.map(floats));
    const prompt = cached ? 0 : promptLength;
    return logProbs.map((values, at) => ({
      logProbs: values,
      tokens: prompt + (users[at]?.count ?? 0),
    }));
  }

  /** Keys and values worth fetching: of nodes only where something can hang below them. */
  #keptNames(users: readonly UserRows[], cached: boolean): string[] {
    if (!this.#cache.enabled) return [];
    const names = this.#layers().map(memoryNames);
    const prompts = cached ? [] : names.flatMap((n) => [n.promptKeys, n.promptValues]);
    const nodes = this.#hasParents(users) ? names.flatMap((n) => [n.nodeKeys, n.nodeValues]) : [];
    return [...prompts, ...nodes];
  }

  #hasParents(users: readonly UserRows[]): boolean {
    const last = this.#options.trie.levels - 1;
    return users.some(({ depths, count }) =>
      depths.subarray(0, count).some((depth) => depth > 0 && depth < last),
    );
  }

  #layers(): number[] {
    return Array.from({ length: this.#options.config.layers }, (_, layer) => layer);
  }

  #remembered(past: {
    keys: readonly number[];
    promptLength: number;
    cachedRows: readonly number[];
  }): Feeds {
    const { keyValueHeads, headSize } = this.#options.config;
    const width = keyValueHeads * headSize;
    const rows = past.cachedRows.reduce((sum, count) => sum + count, 0);
    const promptDims = [past.keys.length, keyValueHeads, past.promptLength, headSize];
    const feeds: Feeds = {};
    for (const layer of this.#layers()) {
      const names = memoryNames(layer);
      const block = past.promptLength * width;
      for (const name of ["promptKeys", "promptValues"] as const) {
        const data = this.#cache.prompts(past.keys, { name, layer, block });
        feeds[`past_${names[name]}`] = new Tensor("float32", data, promptDims);
      }
      for (const name of ["nodeKeys", "nodeValues"] as const) {
        const data = this.#cache.nodes(past.keys, { name, layer, block: width });
        feeds[`past_${names[name]}`] = new Tensor("float32", data, [rows, width]);
      }
    }
    return feeds;
  }

  #remember(call: Group & { users: readonly UserRows[] }, floats: (name: string) => Float32Array) {
    const { users, promptLength, cached } = call;
    const names = this.#layers().map(memoryNames);
    const withNodes = this.#hasParents(users);
    const memory: CallMemory = {
      promptKeys: cached ? [] : names.map(({ promptKeys }) => floats(promptKeys)),
      promptValues: cached ? [] : names.map(({ promptValues }) => floats(promptValues)),
      nodeKeys: withNodes ? names.map(({ nodeKeys }) => floats(nodeKeys)) : [],
      nodeValues: withNodes ? names.map(({ nodeValues }) => floats(nodeValues)) : [],
    };
    const { config } = this.#options;
    const rowBytes = 2 * 4 * config.layers * config.keyValueHeads * config.headSize;
    let firstRow = 0;
    users.forEach(({ request, prefixes, count }, place) => {
      if (!cached) {
        const bytes = promptLength * rowBytes;
        this.#cache.addPrompt(request.key, { call: memory, place, bytes });
      }
      if (withNodes) {
        this.#cache.addNodes(request.key, {
          call: memory,
          firstRow,
          prefixes: prefixes.subarray(0, count),
          bytes: count * rowBytes,
        });
      }
      firstRow += count;
    });
  }
}

interface Group {
  readonly promptLength: number;
  readonly cached: boolean;
  readonly members: { readonly request: ScoreRequest; readonly place: number }[];
}
