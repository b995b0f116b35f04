import { Tensor } from "onnxruntime-node";
import type { Architecture, MemoryShape } from "../architectures/architecture.js";
import type { Feeds } from "../onnx/feeds.js";
import type { RunOutputs } from "../onnx/outputs.js";
import { memoryNames } from "../programs/memory-values.js";
import type { Run } from "../programs/pack-run.js";
import type { PromptCache, RunMemory } from "./prompt-cache.js";

/** Moves keys and values between the prompt cache and the inputs and outputs of graphs. */
export class MemoryTensors {
  readonly #cache: PromptCache;
  readonly #shape: MemoryShape;
  /** Depths of nodes that others attend to: from the first to before the second. */
  readonly #ancestorDepths: readonly [first: number, end: number];
  readonly #layers: readonly ReturnType<typeof memoryNames>[];

  /** @param options.levels of the catalogue */
  constructor(
    cache: PromptCache,
    options: { architecture: Pick<Architecture, "memory" | "firstAncestor">; levels: number },
  ) {
    const { memory, firstAncestor } = options.architecture;
    this.#cache = cache;
    this.#shape = memory;
    this.#ancestorDepths = [firstAncestor, options.levels - 1];
    this.#layers = Array.from({ length: memory.layers }, (_, layer) => memoryNames(layer));
  }

  /** The inputs of a run that takes its prompts from the cache; none if it computes them. */
  feeds({ requests, promptLength, cachedRows }: Run): Feeds {
    if (cachedRows === undefined) return {};
    const keys = requests.map(({ request }) => request.key);
    const { keyValueHeads, headSize } = this.#shape;
    const width = keyValueHeads * headSize;
    const rows = cachedRows.reduce((sum, count) => sum + count, 0);
    const promptDims = [keys.length, keyValueHeads, promptLength, headSize];
    const feeds: Feeds = {};
    this.#layers.forEach((names, layer) => {
      for (const name of ["promptKeys", "promptValues"] as const) {
        const data = this.#cache.prompts(keys, { name, layer, block: promptLength * width });
        feeds[`past_${names[name]}`] = new Tensor("float32", data, promptDims);
      }
      for (const name of ["nodeKeys", "nodeValues"] as const) {
        const data = this.#cache.nodes(keys, { name, layer, block: width });
        feeds[`past_${names[name]}`] = new Tensor("float32", data, [rows, width]);
      }
    });
    return feeds;
  }

  /** Outputs worth fetching: new prompts, and nodes if they can have children in the tree. */
  outputsOf(run: Run): string[] {
    if (!this.#cache.enabled) return [];
    const prompts =
      run.cachedRows === undefined
        ? this.#layers.flatMap((names) => [names.promptKeys, names.promptValues])
        : [];
    const nodes = this.#hasParents(run)
      ? this.#layers.flatMap((names) => [names.nodeKeys, names.nodeValues])
      : [];
    return [...prompts, ...nodes];
  }

  /** Keeps what a run computed: the outputs that `outputsOf` names. */
  keep(run: Run, outputs: RunOutputs): void {
    const { requests, promptLength } = run;
    const cached = run.cachedRows !== undefined;
    const withNodes = this.#hasParents(run);
    const memory: RunMemory = {
      promptKeys: cached ? [] : this.#layers.map(({ promptKeys }) => outputs.floats(promptKeys)),
      promptValues: cached
        ? []
        : this.#layers.map(({ promptValues }) => outputs.floats(promptValues)),
      nodeKeys: withNodes ? this.#layers.map(({ nodeKeys }) => outputs.floats(nodeKeys)) : [],
      nodeValues: withNodes ? this.#layers.map(({ nodeValues }) => outputs.floats(nodeValues)) : [],
    };
    const { layers, keyValueHeads, headSize } = this.#shape;
    const rowBytes = 2 * 4 * layers * keyValueHeads * headSize;
    let firstRow = 0;
    requests.forEach(({ request, prefixes, count }, place) => {
      if (!cached) {
        const bytes = promptLength * rowBytes;
        this.#cache.addPrompt(request.key, { run: memory, place, bytes });
      }
      if (withNodes) {
        this.#cache.addNodes(request.key, {
          run: memory,
          firstRow,
          prefixes: prefixes.subarray(0, count),
          bytes: count * rowBytes,
        });
      }
      firstRow += count;
    });
  }

  #hasParents({ requests }: Run): boolean {
    const [first, end] = this.#ancestorDepths;
    return requests.some(({ depths, count }) =>
      depths.subarray(0, count).some((depth) => depth >= first && depth < end),
    );
  }
}
