import { ROOT } from "@nightbeam/catalogue";
import { type ScoreRequest, treeOf } from "@nightbeam/decoding";
import { trie } from "./cluster.js";

/** A job that is never cancelled. */
export function job(withinMs = 20_000) {
  return { signal: new AbortController().signal, deadline: Date.now() + withinMs };
}

/** A request for the root's children and those of some prefixes. */
export function request(key: number, prefixes: readonly number[] = [ROOT, 1, 7]): ScoreRequest {
  return { key, prompt: Int32Array.from([key + 1, 2, 3]), tree: treeOf(trie, prefixes) };
}

/** Waits until something holds. */
export async function until(what: () => boolean, withinMs = 5_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!what()) {
    if (Date.now() > end) throw new Error(`did not hold within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
