import type { NodeStatus } from "./status.js";

interface Entry {
  readonly status: NodeStatus;
  /** The status as text, to see whether it changed. */
  readonly text: string;
  readonly heardAt: number;
}

/**
 * Which nodes are there, from what is heard of them. Pure: time and events are handed in, in
 * milliseconds of a clock that does not go back.
 *
 * A node is gone when it says so, or when it was silent for `expiryMs` **while somebody listened**:
 * silence does not count while NATS is away, nor when this process itself was stopped or too busy to
 * tick, for then the heartbeats may lie unread.
 */
export class NodeTable {
  readonly #expiryMs: number;
  readonly #nodes = new Map<string, Entry>();
  #connected = false;
  /** Since when we have been listening without a gap. */
  #listeningSince = 0;
  #tickedAt = 0;
  #entries: readonly NodeStatus[] = [];

  constructor(options: { readonly expiryMs: number }) {
    this.#expiryMs = options.expiryMs;
  }

  /** The nodes, sorted by id; the same array until something changes. */
  get entries(): readonly NodeStatus[] {
    return this.#entries;
  }

  /** A heartbeat came. @returns whether the entries changed */
  heard(status: NodeStatus, now: number): boolean {
    const text = JSON.stringify(status);
    const changed = this.#nodes.get(status.id)?.text !== text;
    this.#nodes.set(status.id, { status, text, heardAt: now });
    return this.#changed(changed);
  }

  /** A node said its last word. @returns whether the entries changed */
  gone(id: string): boolean {
    return this.#changed(this.#nodes.delete(id));
  }

  /** Time passed; to be called several times within `expiryMs`. @returns whether the entries changed */
  tick(now: number): boolean {
    const slept = now - this.#tickedAt > this.#expiryMs / 2;
    this.#tickedAt = now;
    if (slept) this.#listeningSince = now;
    if (!this.#connected) return false;
    const before = this.#nodes.size;
    for (const [id, { heardAt }] of this.#nodes) {
      if (now - Math.max(heardAt, this.#listeningSince) >= this.#expiryMs) this.#nodes.delete(id);
    }
    return this.#changed(this.#nodes.size < before);
  }

  /** NATS came or went. Nothing changes at once: after its return nodes have `expiryMs` to speak. */
  connectionChanged(connected: boolean, now: number): void {
    this.#connected = connected;
    if (connected) this.#listeningSince = now;
  }

  #changed(changed: boolean): boolean {
    if (changed) {
      const statuses = [...this.#nodes.values()].map(({ status }) => status);
      this.#entries = statuses.sort((a, b) => (a.id < b.id ? -1 : 1));
    }
    return changed;
  }
}
