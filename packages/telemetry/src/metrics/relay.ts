import type { Recorded, Recorder } from "./metrics.js";

export interface RelayOptions {
  /** Takes what was recorded to the thread that exports it. */
  readonly send: (recorded: Recorded) => void;
  /** How long it may be held back. */
  readonly everyMs?: number;
}

/** A recorder of a thread without metrics of its own. */
export interface Relay extends Recorder {
  /** Sends what is held back. */
  flush(): void;
}

/** Fewer messages than calls of verifiers, and soon enough for a scrape. */
const EVERY_MS = 250;

/** Records for another thread, which calls `Metrics.replay`. What is added to a counter is added up before it is sent. */
export function openRelay({ send, everyMs = EVERY_MS }: RelayOptions): Relay {
  const sums = new Map<string, Sum>();
  let measured: Recorded[number][] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (sums.size + measured.length === 0) return;
    const recorded = [...sums.values(), ...measured];
    sums.clear();
    measured = [];
    send(recorded);
  };
  const flushSoon = () => {
    timer ??= setTimeout(flush, everyMs).unref();
  };
  return {
    add: (name, value, ...[labels]) => {
      const key = labels === undefined ? name : `${name} ${Object.values(labels).join()}`;
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, { name, value, labels });
      else sum.value += value;
      flushSoon();
    },
    record: (name, value, ...[labels]) => {
      measured.push({ name, value, labels });
      flushSoon();
    },
    flush,
  };
}

type Sum = Omit<Recorded[number], "value"> & { value: number };
