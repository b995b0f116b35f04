import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { Trie } from "@nightbeam/catalogue";
import { type RecordFiles, reasonOf } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { KEPT_TRIE_FILE } from "../records/names.js";

/** A catalogue as it is searched, without its items. */
export interface KeptTrie {
  /** The catalogue's hash, 64 hex digits. */
  readonly catalogue: string;
  readonly trie: Trie;
}

const MAGIC = "NBTRIE01";
const HASH_BYTES = 32;
const HEADER_BYTES = MAGIC.length + HASH_BYTES + 4;
const LEVEL = 1;

/**
 * Writes a trie unless the file exists: gzip over `NBTRIE01`, the catalogue's hash, u32 levels, u32 nodes per level from
 * the root's, u16 code per node, u32 number of children per inner node. Numbers are little-endian.
 */
export async function writeTrie(
  files: Pick<RecordFiles, "create">,
  { name, catalogue, trie }: KeptTrie & { readonly name: string },
): Promise<void> {
  await files.create(name, await promisify(gzip)(trieBytes({ catalogue, trie }), { level: LEVEL }));
}

/** Keeps the trie that a run searches, for runs that reuse it. @throws StoreError */
export function keepTrie(files: Pick<RecordFiles, "create">, kept: KeptTrie): Promise<void> {
  return writeTrie(files, { ...kept, name: KEPT_TRIE_FILE });
}

/** @throws RunError RUN_DAMAGED; StoreError */
export async function readTrie(
  files: Pick<RecordFiles, "location" | "read">,
  name: string,
): Promise<KeptTrie> {
  const packed = await files.read(name);
  try {
    if (packed === undefined) throw new Error("it is missing");
    return trieOf(await promisify(gunzip)(packed));
  } catch (error) {
    throw new RunError(
      "RUN_DAMAGED",
      `${files.location}/${name} is damaged: ${reasonOf(error)}. Restore it, or leave out \`reuse\` to compute all lists.`,
      { cause: error },
    );
  }
}

function trieBytes({ catalogue, trie }: KeptTrie): Uint8Array {
  const { levels, levelStart, codes, firstChild } = trie;
  const inner = levelStart[levels] ?? 0;
  const size = HEADER_BYTES + 4 * (levels + 1) + 2 * codes.length + 4 * inner;
  const bytes = Buffer.alloc(size);
  let at = bytes.write(MAGIC, "latin1");
  at += bytes.write(catalogue, at, "hex");
  at = bytes.writeUInt32LE(levels, at);
  for (let level = 0; level <= levels; level++) {
    at = bytes.writeUInt32LE((levelStart[level + 1] ?? 0) - (levelStart[level] ?? 0), at);
  }
  for (const code of codes) at = bytes.writeUInt16LE(code, at);
  for (let node = 0; node < inner; node++) {
    at = bytes.writeUInt32LE((firstChild[node + 1] ?? 0) - (firstChild[node] ?? 0), at);
  }
  return bytes;
}

/** @throws Error, RangeError */
function trieOf(bytes: Buffer): KeptTrie {
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) throw new Error("it is no trie");
  const catalogue = bytes.toString("hex", MAGIC.length, MAGIC.length + HASH_BYTES);
  const levels = bytes.readUInt32LE(HEADER_BYTES - 4);
  let at = HEADER_BYTES;
  const levelStart = new Uint32Array(levels + 2);
  for (let level = 0; level <= levels; level++, at += 4) {
    levelStart[level + 1] = (levelStart[level] ?? 0) + bytes.readUInt32LE(at);
  }
  const nodes = levelStart[levels + 1] ?? 0;
  const inner = levelStart[levels] ?? 0;
  if (bytes.length !== at + 2 * nodes + 4 * inner) throw new Error("its parts do not fit");
  const codes = new Uint16Array(nodes);
  for (let node = 0; node < nodes; node++, at += 2) codes[node] = bytes.readUInt16LE(at);
  const firstChild = new Uint32Array(nodes + 1).fill(nodes);
  firstChild[0] = 1;
  for (let node = 0; node < inner; node++, at += 4) {
    firstChild[node + 1] = (firstChild[node] ?? 0) + bytes.readUInt32LE(at);
  }
  if (firstChild[inner] !== nodes) throw new Error("its parts contradict each other");
  return { catalogue, trie: { levels, levelStart, codes, firstChild } };
}
