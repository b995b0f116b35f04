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

/** Records for another thread, which calls `Metrics.replay`. */
export function openRelay({ send, everyMs = EVERY_MS }: RelayOptions): Relay {
  let held: Recorded[number][] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (held.length === 0) return;
    const recorded = held;
    held = [];
    send(recorded);
  };
  const hold = (one: Recorded[number]) => {
    held.push(one);
    timer ??= setTimeout(flush, everyMs).unref();
  };
  return {
    add: (name, value, ...labels) => hold({ name, value, labels: labels[0] }),
    record: (name, value, ...labels) => hold({ name, value, labels: labels[0] }),
    flush,
  };
}
