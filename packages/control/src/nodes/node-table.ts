import type { NodeStatus } from "./status.js";

/** Whoever may write to NATS can announce any number of nodes. */
const MAX_NODES = 5_000;

interface Entry {
  readonly status: NodeStatus;
  /** The status as text, for comparison. */
  readonly text: string;
  readonly heardAt: number;
}

/**
 * The nodes that are alive, from their heartbeats. Pure: events come with their time, in milliseconds of a
 * monotonic clock.
 *
 * A node is gone when it says so, or after `expiryMs` without a heartbeat **while this process was listening**.
 * Silence does not count without a connection to NATS, nor while this process was suspended or too busy to
 * tick: heartbeats may wait unread then.
 */
export class NodeTable {
  readonly #expiryMs: number;
  readonly #nodes = new Map<string, Entry>();
  #connected = false;
  /** The start of the current time of listening without a gap. */
  #listeningSince = 0;
  #tickedAt = 0;
  /** Undefined after a change, until somebody asks: sorting for every heartbeat would take all the time of a flood. */
  #entries: readonly NodeStatus[] | undefined = [];

  constructor(options: { readonly expiryMs: number }) {
    this.#expiryMs = options.expiryMs;
  }

  /** The nodes, sorted by id; the same array until something changes. */
  get entries(): readonly NodeStatus[] {
    this.#entries ??= [...this.#nodes.values()]
      .map(({ status }) => status)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    return this.#entries;
  }

  /** Whether there is room for a node. */
  hasRoomFor(id: string): boolean {
    return this.#nodes.size < MAX_NODES || this.#nodes.has(id);
  }

  /** Records a heartbeat. @returns whether the entries changed */
  heard(status: NodeStatus, now: number): boolean {
    const text = JSON.stringify(status);
    const changed = this.#nodes.get(status.id)?.text !== text;
    this.#nodes.set(status.id, { status, text, heardAt: now });
    return this.#changed(changed);
  }

  /** Records that a node is gone. @returns whether the entries changed */
  gone(id: string): boolean {
    return this.#changed(this.#nodes.delete(id));
  }

  /** Removes expired nodes; call it several times per `expiryMs`. @returns whether the entries changed */
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

  /** Milliseconds without a heartbeat of a node, while this process was listening; 0 for unknown nodes. */
  silence(id: string, now: number): number {
    const heardAt = this.#nodes.get(id)?.heardAt ?? now;
    return this.#connected ? now - Math.max(heardAt, this.#listeningSince) : 0;
  }

  /** Records that NATS was connected or lost. After a reconnection nodes have `expiryMs` for a heartbeat. */
  connectionChanged(connected: boolean, now: number): void {
    this.#connected = connected;
    if (connected) this.#listeningSince = now;
  }

  #changed(changed: boolean): boolean {
    if (changed) this.#entries = undefined;
    return changed;
  }
}
