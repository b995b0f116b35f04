/** Keys and values that one call computed, layer by layer, as onnxruntime returned them. */
export interface CallMemory {
  readonly promptKeys: readonly Float32Array[];
  readonly promptValues: readonly Float32Array[];
  readonly nodeKeys: readonly Float32Array[];
  readonly nodeValues: readonly Float32Array[];
}

type Part = keyof CallMemory;

/** Consecutive blocks of one call's tensors: users of a prompt tensor, rows of a node tensor. */
interface Blocks {
  readonly call: CallMemory;
  readonly first: number;
  readonly count: number;
}

/** What is kept of one user between calls. */
interface UserMemory {
  readonly prompt: Blocks;
  readonly nodes: Blocks[];
  /** Row of each prefix among all rows of `nodes`; of a prefix that was computed twice, the later. */
  readonly rows: Map<number, number>;
  rowCount: number;
  bytes: number;
}

/**
 * The prompt cache: keys and values of prompts and nodes, by user, least recently used out first
 * when the bytes exceed the limit. A user that is not there costs the prompt's tokens again,
 * nothing else.
 */
export class PromptCache {
  readonly #users = new Map<number, UserMemory>();
  readonly #limitBytes: number;
  /** What was gathered last, part by part: the next call gathers into the same memory. */
  readonly #scratch = new Map<string, Float32Array>();
  #bytes = 0;

  constructor(options: { limitBytes: number }) {
    this.#limitBytes = options.limitBytes;
  }

  get enabled(): boolean {
    return this.#limitBytes > 0;
  }

  has(key: number): boolean {
    return this.#users.has(key);
  }

  cachedRow(key: number, prefix: number): number | undefined {
    return this.#users.get(key)?.rows.get(prefix);
  }

  /** Rows that are kept of a user. */
  nodeCount(key: number): number {
    return this.#users.get(key)?.rowCount ?? 0;
  }

  /** Keeps a user's prompt after the call that computed it. */
  addPrompt(key: number, prompt: { call: CallMemory; place: number; bytes: number }): void {
    this.release(key);
    this.#users.set(key, {
      prompt: { call: prompt.call, first: prompt.place, count: 1 },
      nodes: [],
      rows: new Map(),
      rowCount: 0,
      bytes: prompt.bytes,
    });
    this.#bytes += prompt.bytes;
  }

  /** Keeps nodes of a user that is there: consecutive rows of a call, in the order of `prefixes`. */
  addNodes(
    key: number,
    nodes: { call: CallMemory; firstRow: number; prefixes: Uint32Array; bytes: number },
  ): void {
    const user = this.#users.get(key);
    if (user === undefined || nodes.prefixes.length === 0) return;
    user.nodes.push({ call: nodes.call, first: nodes.firstRow, count: nodes.prefixes.length });
    for (const prefix of nodes.prefixes) user.rows.set(prefix, user.rowCount++);
    user.bytes += nodes.bytes;
    this.#bytes += nodes.bytes;
    // The most recently used user stands last.
    this.#users.delete(key);
    this.#users.set(key, user);
  }

  /** Forgets the users that were used least recently until the limit holds. */
  trim(): void {
    for (const key of this.#users.keys()) {
      if (this.#bytes <= this.#limitBytes) return;
      this.release(key);
    }
  }

  release(key: number): void {
    this.#bytes -= this.#users.get(key)?.bytes ?? 0;
    this.#users.delete(key);
  }

  /** Users' prompts as one tensor's data, in the order of the keys. */
  prompts(
    keys: readonly number[],
    part: { name: Part; layer: number; block: number },
  ): Float32Array {
    return this.#gather(
      keys.flatMap((key) => this.#users.get(key)?.prompt ?? []),
      part,
    );
  }

  /** Users' nodes as one tensor's data, user by user; each user's rows as `cachedRow` counts them. */
  nodes(keys: readonly number[], part: { name: Part; layer: number; block: number }): Float32Array {
    return this.#gather(
      keys.flatMap((key) => this.#users.get(key)?.nodes ?? []),
      part,
    );
  }

  /** Copies blocks behind one another; where they already stand so, they are taken as they are. */
  #gather(
    blocks: readonly Blocks[],
    part: { name: Part; layer: number; block: number },
  ): Float32Array {
    const dataOf = ({ call }: Blocks) => call[part.name][part.layer] ?? new Float32Array();
    const [head] = blocks;
    if (head === undefined) return new Float32Array();
    let end = head.first;
    const consecutive = blocks.every((block) => {
      const follows = block.call === head.call && block.first === end;
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

  /** Memory that only the call under way reads; fresh memory would cost more than the copy. */
  #scratchOf(name: string, length: number): Float32Array {
    let scratch = this.#scratch.get(name);
    if (scratch === undefined || scratch.length < length) {
      scratch = new Float32Array(length);
      this.#scratch.set(name, scratch);
    }
    return scratch.subarray(0, length);
  }
}
