/** Keys and values that one run computed, layer by layer, as onnxruntime returned them. */
export interface RunMemory {
  readonly promptKeys: readonly Float32Array[];
  readonly promptValues: readonly Float32Array[];
  readonly nodeKeys: readonly Float32Array[];
  readonly nodeValues: readonly Float32Array[];
}

type Part = keyof RunMemory;

/** Consecutive blocks of one run's tensors: prompts of a prompt tensor, rows of a node tensor. */
interface Blocks {
  readonly run: RunMemory;
  readonly first: number;
  readonly count: number;
}

/** What is kept of one prompt between calls. */
interface CachedPrompt {
  readonly prompt: Blocks;
  readonly nodes: Blocks[];
  /** Row of each prefix among all rows of `nodes`; of a prefix that was computed twice, the later. */
  readonly rows: Map<number, number>;
  rowCount: number;
  bytes: number;
}

/**
 * Keys and values of prompts and of nodes after them, by the requests' keys. If their bytes exceed the
 * limit, the least recently used prompts are dropped. A prompt that is not cached is computed again;
 * answers are the same.
 */
export class PromptCache {
  readonly #prompts = new Map<number, CachedPrompt>();
  readonly #limitBytes: number;
  /** Memory that parts are gathered into, reused by the next run. */
  readonly #scratch = new Map<string, Float32Array>();
  #bytes = 0;
  #evictions = 0;

  constructor(options: { limitBytes: number }) {
    this.#limitBytes = options.limitBytes;
  }

  get enabled(): boolean {
    return this.#limitBytes > 0;
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Prompts that were dropped to make room. */
  get evictions(): number {
    return this.#evictions;
  }

  has(key: number): boolean {
    return this.#prompts.has(key);
  }

  cachedRow(key: number, prefix: number): number | undefined {
    return this.#prompts.get(key)?.rows.get(prefix);
  }

  /** Nodes that are kept of a prompt. */
  nodeCount(key: number): number {
    return this.#prompts.get(key)?.rowCount ?? 0;
  }

  /** Keeps a prompt after the run that computed it. */
  addPrompt(key: number, prompt: { run: RunMemory; place: number; bytes: number }): void {
    this.release(key);
    this.#prompts.set(key, {
      prompt: { run: prompt.run, first: prompt.place, count: 1 },
      nodes: [],
      rows: new Map(),
      rowCount: 0,
      bytes: prompt.bytes,
    });
    this.#bytes += prompt.bytes;
  }

  /** Keeps nodes of a cached prompt: consecutive rows of a run, in the order of `prefixes`. */
  addNodes(
    key: number,
    nodes: { run: RunMemory; firstRow: number; prefixes: Uint32Array; bytes: number },
  ): void {
    const cached = this.#prompts.get(key);
    if (cached === undefined || nodes.prefixes.length === 0) return;
    cached.nodes.push({ run: nodes.run, first: nodes.firstRow, count: nodes.prefixes.length });
    for (const prefix of nodes.prefixes) cached.rows.set(prefix, cached.rowCount++);
    cached.bytes += nodes.bytes;
    this.#bytes += nodes.bytes;
    // The most recently used prompt comes last.
    this.#prompts.delete(key);
    this.#prompts.set(key, cached);
  }

  /** Drops the least recently used prompts until the limit holds. */
  trim(): void {
    for (const key of this.#prompts.keys()) {
      if (this.#bytes <= this.#limitBytes) return;
      this.release(key);
      this.#evictions++;
    }
  }

  release(key: number): void {
    this.#bytes -= this.#prompts.get(key)?.bytes ?? 0;
    this.#prompts.delete(key);
  }

  /** Prompts as one tensor's data, in the order of the keys. */
  prompts(
    keys: readonly number[],
    part: { name: Part; layer: number; block: number },
  ): Float32Array {
    return this.#gather(
      keys.flatMap((key) => this.#prompts.get(key)?.prompt ?? []),
      part,
    );
  }

  /** Nodes as one tensor's data, prompt by prompt; each prompt's rows as `cachedRow` counts them. */
  nodes(keys: readonly number[], part: { name: Part; layer: number; block: number }): Float32Array {
    return this.#gather(
      keys.flatMap((key) => this.#prompts.get(key)?.nodes ?? []),
      part,
    );
  }

  /** Concatenates blocks. If they already are consecutive, nothing is copied. */
  #gather(
    blocks: readonly Blocks[],
    part: { name: Part; layer: number; block: number },
  ): Float32Array {
    const dataOf = ({ run }: Blocks) => run[part.name][part.layer] ?? new Float32Array();
    const [head] = blocks;
    if (head === undefined) return new Float32Array();
    let end = head.first;
    const consecutive = blocks.every((block) => {
      const follows = block.run === head.run && block.first === end;
      end += block.count;
      return follows;
    });
    if (consecutive) return dataOf(head).subarray(head.first * part.block, end * part.block);
    const total = blocks.reduce((sum, { count }) => sum + count, 0);
    const gathered = this.#scratchOf(`${part.name} ${part.layer}`, total * part.block);
    let at = 0;
    for (const block of blocks) {
      const from = block.first * part.block;
      gathered.set(dataOf(block).subarray(from, from + block.count * part.block), at);
      at += block.count * part.block;
    }
    return gathered;
  }

  /** Memory that only the run in progress reads; fresh memory would cost more than the copy. */
  #scratchOf(name: string, length: number): Float32Array {
    let scratch = this.#scratch.get(name);
    if (scratch === undefined || scratch.length < length) {
      scratch = new Float32Array(length);
      this.#scratch.set(name, scratch);
    }
    return scratch.subarray(0, length);
  }
}
