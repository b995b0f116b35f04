import type { Clock } from "@nightbeam/service";

export interface RunContextsOptions {
  /** Contexts that are kept; more are open only while more runs have shards under way. */
  readonly most: number;
  /** A context that no shard uses for so long is closed. */
  readonly idleMs: number;
  readonly clock: Clock;
}

/** Which context, and how to get it where it is not there. */
export interface ContextRef<Context> {
  readonly key: string;
  readonly open: () => Promise<Context>;
}

export interface ContextUse<Context, Result> {
  readonly work: (context: Context) => Promise<Result>;
  /** Waits no longer for a context that is being opened; others may go on waiting. */
  readonly signal: AbortSignal;
  /** Whether the context can be used on after the work failed like this. */
  readonly isHarmless: (error: unknown) => boolean;
}

interface Entry<Context> {
  readonly key: string;
  readonly context: Promise<Context>;
  users: number;
  /** Not given to further shards: one of its shards failed, or its place is needed. */
  retired: boolean;
  usedAt: number;
  cancelTimer: () => void;
}

/**
 * What shards of the same run have in common: opened for the first shard, kept for the next ones,
 * closed when nobody wants it any more.
 */
export class RunContexts<Context extends { close(): Promise<void> }> {
  readonly #options: RunContextsOptions;
  readonly #kept = new Map<string, Entry<Context>>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: RunContextsOptions) {
    this.#options = options;
  }

  /** Contexts that are kept for further shards. */
  get size(): number {
    return this.#kept.size;
  }

  /**
   * Works with a run's context. Where the work fails and that is not harmless, the context is not
   * used again: a model's thread may have died in it.
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

  /** Closes what nobody uses and lets the rest close with its last shard; waits for all of it. */
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

  /** The last one out closes the door, or sets the clock. */
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
    for (const entry of idle.slice(0, Math.max(0, this.#kept.size - this.#options.most))) {
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
    // What could not be opened needs no closing, and who used it knows.
    const closed = entry.context.then((context) => context.close()).catch(() => undefined);
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
  }
}

/** @throws the signal's reason as soon as it is aborted; what the promise throws */
async function unlessAborted<Value>(value: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([value, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
