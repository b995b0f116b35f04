import { childOf, ROOT, type Trie } from "@nightbeam/catalogue";
import type { BeamTree } from "@nightbeam/decoding";
import { ProtocolError } from "../errors.js";
import { ROOT_DISTANCE } from "./encode-call.js";

/** Columns over the entries of all users. */
interface TreeColumns {
  readonly codes: readonly number[];
  readonly parents: readonly number[];
  /** One bit per entry. Default: none is wanted. */
  readonly wanted?: Uint8Array;
}

/**
 * Decodes the tree of one user. The columns must be long enough.
 *
 * @throws ProtocolError INVALID_CALL
 */
export function decodeTree(
  trie: Trie,
  columns: TreeColumns,
  at: { readonly user: number; readonly first: number; readonly entries: number },
): BeamTree {
  const { first, entries } = at;
  const prefixes = new Uint32Array(entries);
  const parents = new Int32Array(entries);
  const wanted = new Uint32Array(entries);
  const leaves = trie.levelStart[trie.levels] ?? 0;
  let asked = 0;
  for (let entry = 0; entry < entries; entry++) {
    const code = columns.codes[first + entry] ?? 0;
    const distance = columns.parents[first + entry] ?? 0;
    const fail = (what: string): never => refuse({ user: at.user, entry }, what);
    let parent = -1;
    let prefix = ROOT;
    if (entry === 0 && distance === ROOT_DISTANCE) {
      if (code !== 0) fail(`is the root and has code ${code} instead of 0`);
    } else {
      if (distance > entry)
        fail(`has its parent ${distance} entries back, before the tree's first`);
      if (distance > 0) parent = entry - distance;
      const above = parent < 0 ? ROOT : (prefixes[parent] ?? ROOT);
      if (parent >= 0 && above === ROOT)
        fail("names the root as its parent: its distance must be 0");
      prefix = childOf(trie, above, code);
      if (prefix < 0) fail(`has code ${code}, which the catalogue does not have below its parent`);
      if (prefix >= leaves) fail("is a whole code path, which has no children");
      if (entry > 0 && prefix <= (prefixes[entry - 1] ?? ROOT)) {
        fail("does not come after the entry before it in the catalogue's order, or repeats it");
      }
    }
    prefixes[entry] = prefix;
    parents[entry] = parent;
    const bit = first + entry;
    if (((columns.wanted?.[bit >>> 3] ?? 0) >>> (bit & 7)) & 1) wanted[asked++] = entry;
  }
  return { prefixes, parents, wanted: wanted.slice(0, asked) };
}

function refuse(at: { user: number; entry: number }, what: string): never {
  throw new ProtocolError("INVALID_CALL", `user ${at.user}: entry ${at.entry} of the tree ${what}`);
}
