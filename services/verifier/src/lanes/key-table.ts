import type { ScoreRequest } from "@nightbeam/decoding";

/** Where a caller's key lives. */
export interface Home {
  /** The key under which the lane keeps the prompt; no other caller's key is like it. */
  readonly own: number;
  readonly lane: number;
}

interface Entry extends Home {
  readonly prompt: number;
}

interface Client {
  readonly keys: Map<number, Entry>;
  seenAt: number;
}

export interface KeyTableLimits {
  /** Milliseconds after which a client that sent nothing is forgotten with its keys. */
  readonly idleMs: number;
  /** Maximum keys of all clients; above it, the client that was idle for longest is forgotten. */
  readonly maxKeys: number;
}

/**
 * Which lane keeps the prompt of which caller's key. Forgetting a key is always safe: its prompt is
 * then computed again.
 */
export class KeyTable {
  /** In order of their last call. */
  readonly #clients = new Map<string, Client>();
  readonly #limits: KeyTableLimits;
  #size = 0;
  #nextOwn = 0;

  constructor(limits: KeyTableLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  /** Notes that a client is alive. */
  see(client: string, now: number): void {
    const known = this.#clients.get(client) ?? { keys: new Map(), seenAt: now };
    known.seenAt = now;
    this.#clients.delete(client);
    this.#clients.set(client, known);
  }

  /**
   * The home of a request's key, or undefined for one that is new. A key that comes back with
   * another prompt is new: what was kept under it would answer for the wrong prompt.
   */
  find(client: string, { key, prompt }: ScoreRequest): Home | undefined {
    const entry = this.#clients.get(client)?.keys.get(key);
    return entry?.prompt === fingerprint(prompt) ? entry : undefined;
  }

  /** Assigns a key of a known client to a lane. */
  add(client: string, request: ScoreRequest, lane: number): Home {
    const entry = { own: this.#nextOwn++, lane, prompt: fingerprint(request.prompt) };
    const keys = this.#clients.get(client)?.keys;
    if (keys === undefined) return entry;
    if (!keys.has(request.key)) this.#size++;
    keys.set(request.key, entry);
    return entry;
  }

  /** Forgets keys; returns the homes that they had. */
  release(client: string, keys: readonly number[]): Home[] {
    const known = this.#clients.get(client)?.keys;
    return keys.flatMap((key) => {
      const entry = known?.get(key);
      if (entry === undefined) return [];
      known?.delete(key);
      this.#size--;
      return [entry];
    });
  }

  /** Forgets idle clients, and those above `maxKeys`; returns the homes that their keys had. */
  trim(now: number): Home[] {
    const homes: Home[] = [];
    for (const [name, { keys, seenAt }] of this.#clients) {
      const isIdle = now - seenAt > this.#limits.idleMs;
      if (!isIdle && this.#size <= this.#limits.maxKeys) break;
      homes.push(...keys.values());
      this.#size -= keys.size;
      this.#clients.delete(name);
    }
    return homes;
  }
}

/** A number that differs for different prompts, except for one pair in 2^32 (FNV-1a over tokens and length). */
function fingerprint(prompt: ScoreRequest["prompt"]): number {
  let hash = 0x811c9dc5 ^ prompt.length;
  for (const token of prompt) hash = Math.imul(hash ^ token, 0x01000193);
  return hash >>> 0;
}
