import { type Clock, unlessAborted } from "@nightbeam/service";

export interface RunContextsOptions {
  /** Contexts to keep. More are open only while more runs have shards in progress. */
  readonly max: number;
  /** A context that no shard uses for this long is closed. */
  readonly idleMs: number;
  readonly clock: Clock;
}

/** The key of a context, and how to open it. */
export interface ContextRef<Context> {
  readonly key: string;
  readonly open: () => Promise<Context>;
}

export interface ContextUse<Context, Result> {
  readonly work: (context: Context) => Promise<Result>;
  /** Ends the wait for a context that is being opened. Other users may go on waiting. */
  readonly signal: AbortSignal;
  /** Whether the context is still usable after this error of the work. */
  readonly isHarmless: (error: unknown) => boolean;
}

interface Entry<Context> {
  readonly key: string;
  readonly context: Promise<Context>;
  users: number;
  /** Not used for more shards: one of its shards failed, or it was evicted. */
  retired: boolean;
  usedAt: number;
  cancelTimer: () => void;
}

/** Contexts of runs: opened for the first shard, kept for the next ones, closed when unused. */
export class RunContexts<Context extends { close(): Promise<void> }> {
  readonly #options: RunContextsOptions;
  readonly #kept = new Map<string, Entry<Context>>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: RunContextsOptions) {
    this.#options = options;
  }

  /** The number of contexts that are kept. */
  get size(): number {
    return this.#kept.size;
  }

  /**
   * Calls `work` with a run's context. If it fails and that is not harmless, the context is not used again: one
   * of its model threads may have died.
   */
  async use<Result>(ref: ContextRef<Context>, use: ContextUse<Context, Result>): Promise<Result> {
    const entry = this.#kept.get(ref.key) ?? this.#open(ref);
    entry.users++;
    entry.cancelTimer();
    try {
      return await use.work(await unlessAborted(entry.context, use.signal));
    } catch (error) {
      if (!use.isHarmless(error)) this.#retire(entry);
      throw error;
    } finally {
      this.#leave(entry);
    }
  }

  /** Closes unused contexts now and the others after their last shard; waits for all of them. */
  async close(): Promise<void> {
    for (const entry of [...this.#kept.values()]) this.#retire(entry);
    while (this.#closing.size > 0) await Promise.all(this.#closing);
  }

  #open({ key, open }: ContextRef<Context>): Entry<Context> {
    const entry: Entry<Context> = {
      key,
      context: open(),
      users: 0,
      retired: false,
      usedAt: this.#options.clock.now(),
      cancelTimer: () => {},
    };
    this.#kept.set(key, entry);
    entry.context.catch(() => this.#retire(entry));
    this.#trim(entry);
    return entry;
  }

  /** After the last user, closes a retired context or starts the idle timer. */
  #leave(entry: Entry<Context>): void {
    const { clock, idleMs } = this.#options;
    entry.users--;
    entry.usedAt = clock.now();
    if (entry.users > 0) return;
    if (entry.retired) this.#shut(entry);
    else entry.cancelTimer = clock.after(idleMs, () => this.#retire(entry));
    this.#trim();
  }

  #trim(spared?: Entry<Context>): void {
    const idle = [...this.#kept.values()]
      .filter((entry) => entry.users === 0 && entry !== spared)
      .sort((a, b) => a.usedAt - b.usedAt);
    for (const entry of idle.slice(0, Math.max(0, this.#kept.size - this.#options.max))) {
      this.#retire(entry);
    }
  }

  #retire(entry: Entry<Context>): void {
    if (entry.retired) return;
    entry.retired = true;
    this.#kept.delete(entry.key);
    if (entry.users === 0) this.#shut(entry);
  }

  #shut(entry: Entry<Context>): void {
    entry.cancelTimer();
    // A context that failed to open needs no closing; its users have got the error.
    const closed = entry.context.then((context) => context.close()).catch(() => undefined);
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
  }
}
