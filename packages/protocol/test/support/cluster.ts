import { fullCatalogue } from "@nightbeam/testing";
import { afterEach } from "vitest";
import type { VerifierDirectory, VerifierEndpoint } from "../../src/client/directory.js";
import { VerifierClient, type VerifierClientOptions } from "../../src/client/verifier-client.js";
import {
  type ServedVerifier,
  type ServeOptions,
  serveVerifier,
} from "../../src/server/serve-verifier.js";
import { FakeHandler } from "./fake-handler.js";

export const TARGET = "ab".repeat(32);
export const CATALOGUE = "0c".repeat(32);
/** What tests of the cluster run on. */
export const catalogue = fullCatalogue({ levels: 3, codes: 4 });
export const { trie } = catalogue;

/** A list of verifiers that a test changes. */
export class ListDirectory implements VerifierDirectory {
  #endpoints: readonly VerifierEndpoint[];
  readonly #listeners = new Set<() => void>();

  constructor(endpoints: readonly VerifierEndpoint[] = []) {
    this.#endpoints = endpoints;
  }

  get endpoints(): readonly VerifierEndpoint[] {
    return this.#endpoints;
  }

  set(...endpoints: readonly VerifierEndpoint[]): void {
    this.#endpoints = endpoints;
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

/** A verifier of the fake model. */
export interface FakeVerifier {
  readonly handler: FakeHandler;
  readonly server: ServedVerifier;
  readonly endpoint: VerifierEndpoint;
}

/** Verifiers and clients of one test, closed after it. */
export function cluster() {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const verifier = async (
    id: string,
    options: Partial<ServeOptions> = {},
  ): Promise<FakeVerifier> => {
    const handler = new FakeHandler(catalogue);
    const server = await serveVerifier({
      handler,
      trie,
      target: TARGET,
      catalogue: CATALOGUE,
      scoring: "full",
      host: "127.0.0.1",
      port: 0,
      ...options,
    });
    closing.push(() => server.close());
    const address = `127.0.0.1:${server.port}`;
    return { handler, server, endpoint: { id, address, draining: false } };
  };
  const client = (
    directory: VerifierDirectory,
    options: Partial<VerifierClientOptions> = {},
  ): VerifierClient => {
    const made = new VerifierClient({
      directory,
      trie,
      target: TARGET,
      catalogue: CATALOGUE,
      scoring: "full",
      // The first of equal verifiers, and no spreading.
      random: () => 0,
      ...options,
    });
    closing.push(() => made.close());
    return made;
  };
  return { verifier, client, defer: (close: () => Promise<void>) => closing.push(close) };
}
