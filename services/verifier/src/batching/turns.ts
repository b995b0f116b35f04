/** Connections that are remembered, whether or not they have calls. */
const MAX_PEERS = 1_000;

/** Whose turn it is: which connections had the first place of a batch, and when. */
export class Turns {
  readonly #passes = new Map<string, number>();
  #count = 0;

  /** The number of the last batch in which a connection had the first place; -1 for none. */
  of(peer: string): number {
    return this.#passes.get(peer) ?? -1;
  }

  /** @param waiting The connections whose calls wait */
  had(peer: string, waiting: () => ReadonlySet<string>): void {
    this.#count++;
    this.#passes.set(peer, this.#count);
    if (this.#passes.size <= MAX_PEERS) return;
    const peers = waiting();
    for (const known of this.#passes.keys()) if (!peers.has(known)) this.#passes.delete(known);
  }
}
