import type { VerifierDirectory, VerifierEndpoint } from "@nightbeam/protocol";

/** The list of verifiers in the decode thread. The main thread sends every change. */
export class MirroredDirectory implements VerifierDirectory {
  readonly #listeners = new Set<{ readonly call: () => void }>();
  #endpoints: readonly VerifierEndpoint[];

  constructor(endpoints: readonly VerifierEndpoint[]) {
    this.#endpoints = endpoints;
  }

  get endpoints(): readonly VerifierEndpoint[] {
    return this.#endpoints;
  }

  onChange(listener: () => void): () => void {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  update(endpoints: readonly VerifierEndpoint[]): void {
    this.#endpoints = endpoints;
    for (const { call } of [...this.#listeners]) call();
  }
}
