import { setTimeout as sleep } from "node:timers/promises";

/** How long a group that is not full waits for the next value, in milliseconds. */
const LINGER_MS = 5;

/** An iterator, whose `next` returns a promise only if the values come asynchronously. */
export interface Source<Value> {
  next(): IteratorResult<Value> | Promise<IteratorResult<Value>>;
  return?: (() => unknown) | undefined;
}

export interface GroupsOptions<Value, Result> {
  /** Returns the results of a group, in order. Called in the order of the groups. */
  readonly handle: (group: readonly Value[], signal: AbortSignal) => Promise<readonly Result[]>;
  /** Values per group, at most. */
  readonly groupSize: number;
  /** Groups that are handled, or wait for the caller, at once. */
  readonly groupsAtOnce: number;
  readonly signal: AbortSignal;
}

/**
 * Handles values in groups and yields the results one by one, in the order of the values. At most
 * `groupsAtOnce` groups are read ahead, so memory is bounded for endless sources. A group is full,
 * unless it is the last one or the source is slow.
 *
 * @throws what the source or `handle` throws; the signal's reason as soon as it is aborted
 */
export async function* inGroups<Value, Result>(
  source: Source<Value>,
  { handle, groupSize, groupsAtOnce, signal: given }: GroupsOptions<Value, Result>,
): AsyncGenerator<Result, void, undefined> {
  const stop = new AbortController();
  const signal = AbortSignal.any([given, stop.signal]);
  const groups = groupsOf(source, groupSize);
  const begin = () => {
    // A generator answers calls of `next` one after the other, so the groups are in order.
    const results = groups.next().then(({ done, value }) => {
      signal.throwIfAborted();
      return done === true ? undefined : handle(value, signal);
    });
    results.catch(() => undefined);
    return results;
  };
  try {
    signal.throwIfAborted();
    const ahead = Array.from({ length: groupsAtOnce }, begin);
    for (let first = ahead.shift(); first !== undefined; first = ahead.shift()) {
      const results = await unlessAborted(first, signal);
      if (results === undefined) return;
      ahead.push(begin());
      for (const result of results) {
        signal.throwIfAborted();
        yield result;
      }
    }
  } finally {
    stop.abort();
    // Not awaited: a source that waits for its next value may never return.
    void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}

async function* groupsOf<Value>(
  source: Source<Value>,
  size: number,
): AsyncGenerator<Value[], void, undefined> {
  let pending: Promise<IteratorResult<Value>> | undefined;
  for (;;) {
    const group: Value[] = [];
    let isLast = false;
    try {
      while (group.length < size && !isLast) {
        const next = pending ?? source.next();
        let result: IteratorResult<Value> | undefined;
        if ("then" in next) {
          pending = next;
          // It may fail while no group is asked for; the next group throws it.
          next.catch(() => undefined);
          result = group.length === 0 ? await next : await soon(next);
          if (result === undefined) break;
          pending = undefined;
        } else {
          result = next;
        }
        if (result.done === true) isLast = true;
        else group.push(result.value);
      }
    } catch (error) {
      if (group.length > 0) yield group;
      throw error;
    }
    if (group.length > 0) yield group;
    if (isLast) return;
  }
}

/** The value, or undefined if it takes longer than `LINGER_MS`. */
async function soon<Value>(value: Promise<Value>): Promise<Value | undefined> {
  const timer = new AbortController();
  const late = sleep(LINGER_MS, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([value, late]);
  } finally {
    timer.abort();
  }
}

/**
 * Waits for a value unless the signal is aborted first.
 *
 * @throws the signal's reason; what the promise throws
 */
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
