import { parentOf, ROOT, type Trie } from "@nightbeam/catalogue";

/** A node and everything above it, the root last. */
export function ancestorsOf(trie: Trie, node: number): number[] {
  const line = [node];
  for (let at = node; at !== ROOT; ) {
    at = parentOf(trie, at);
    line.push(at);
  }
  return line;
}
