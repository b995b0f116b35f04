import { ROOT, type Trie } from "@nightbeam/catalogue";
import type { BeamTree, ScoreRequest } from "@nightbeam/decoding";
import type { VerifyRequest } from "../generated/nightbeam/verifier/v1/verifier.js";
import type { IdentityMessage } from "../identity.js";
import { outsideWidth } from "./outside-codes.js";

/** A call before encoding. Keys are 32-bit. */
export interface Call {
  readonly identity: IdentityMessage;
  /** The client, whose keys these are: 64 bits. */
  readonly client: bigint;
  readonly requests: readonly ScoreRequest[];
  /** Keys whose prompts the verifier may forget. */
  readonly released: readonly number[];
}

/**
 * The distance of a root entry. The distance of an entry to its parent is at least 1 and at most its index, so the
 * first entry cannot have 1 otherwise.
 */
export const ROOT_DISTANCE = 1;

/** Encodes a call. Trees must be as `BeamTree` describes; they are not checked. */
export function encodeCall(trie: Trie, call: Call): VerifyRequest {
  const { requests } = call;
  const entries = requests.reduce((sum, { tree }) => sum + tree.prefixes.length, 0);
  const message: VerifyRequest = {
    ...call.identity,
    client: call.client,
    keys: requests.map(({ key }) => key),
    promptLengths: requests.map(({ prompt }) => prompt.length),
    promptTokens: [],
    treeSizes: requests.map(({ tree }) => tree.prefixes.length),
    codes: [],
    parents: [],
    wanted: new Uint8Array((entries + 7) >>> 3),
    released: [...call.released],
    outside: outsideWidth(requests),
  };
  for (const { prompt, tree } of requests) {
    for (const token of prompt) message.promptTokens.push(token);
    appendTree(trie, { tree, message });
  }
  return message;
}

function appendTree(trie: Trie, { tree, message }: { tree: BeamTree; message: VerifyRequest }) {
  const first = message.codes.length;
  appendEntries(trie, { tree, columns: message });
  const { wanted: bits } = message;
  for (const entry of tree.wanted) {
    const bit = first + entry;
    bits[bit >>> 3] = (bits[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }
}

/** Appends the entries of a tree to columns over entries. */
export function appendEntries(
  trie: Trie,
  target: { tree: BeamTree; columns: { readonly codes: number[]; readonly parents: number[] } },
): void {
  const { prefixes, parents } = target.tree;
  const { codes, parents: distances } = target.columns;
  for (let entry = 0; entry < prefixes.length; entry++) {
    const prefix = prefixes[entry] ?? ROOT;
    const parent = parents[entry] ?? -1;
    codes.push(prefix === ROOT ? 0 : (trie.codes[prefix] ?? 0));
    if (prefix === ROOT) distances.push(ROOT_DISTANCE);
    else distances.push(parent < 0 ? 0 : entry - parent);
  }
}
