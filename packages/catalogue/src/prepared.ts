import { createHash } from "node:crypto";
import type { Catalogue } from "./catalogue.js";
import { CatalogueError } from "./errors.js";
import { byteLengthOf, type Counts, FORMAT_VERSION, HEADER, MAGIC, sectionsOf } from "./layout.js";
import { PreparedCatalogue } from "./prepared-catalogue.js";
import { MAX_CLOSING_LEVELS, MAX_LEVELS } from "./trie.js";

/**
 * A catalogue as the bytes of a prepared file. Nothing is encoded or copied: these are the very
 * bytes that the catalogue works on, so the caller must not write to them.
 */
export function encodePrepared(catalogue: Catalogue): Uint8Array<SharedArrayBuffer> {
  return catalogue.prepared;
}

/**
 * A catalogue from the bytes of a prepared file. Bytes on a SharedArrayBuffer are used in place (they
 * are copied only if they do not start on a multiple of eight or do not fill their buffer); others
 * are copied once to a SharedArrayBuffer.
 *
 * `verify: false` skips the checksum: for bytes that another thread of this process has verified.
 *
 * Throws CatalogueError BAD_PREPARED_FILE for bytes that are cut off, altered, of another format
 * version or no prepared catalogue at all.
 */
export function decodePrepared(bytes: Uint8Array, { verify = true } = {}): Catalogue {
  const counts = readCounts(bytes);
  const expected = byteLengthOf(counts);
  if (bytes.length !== expected) {
    throw broken(`it has ${bytes.length} bytes, but its header promises ${expected}`);
  }
  if (verify && !equalBytes(checksumOf(bytes), bytes.subarray(HEADER.checksum, HEADER.end))) {
    throw broken("its checksum does not match its content");
  }
  const buffer = toShared(bytes);
  checkConsistency(buffer, counts);
  return new PreparedCatalogue(buffer, counts);
}

/** Fills the header of a prepared catalogue whose sections are complete. */
export function writeHeader(
  bytes: Uint8Array,
  { counts, hash }: { counts: Counts; hash: Uint8Array },
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let i = 0; i < MAGIC.length; i++) bytes[i] = MAGIC.charCodeAt(i);
  view.setUint32(HEADER.version, FORMAT_VERSION, true);
  const { levels, nodes, leaves, items, idBytes } = counts;
  [levels, nodes, leaves, items, idBytes].forEach((count, i) => {
    view.setUint32(HEADER.counts + 4 * i, count, true);
  });
  bytes.set(hash, HEADER.hash);
  bytes.set(checksumOf(bytes), HEADER.checksum);
}

/** The counts of a prepared catalogue. Throws BAD_PREPARED_FILE for another or no header. */
export function readCounts(bytes: Uint8Array): Counts {
  if (bytes.length < HEADER.end) throw broken(`it has only ${bytes.length} bytes`);
  for (let i = 0; i < MAGIC.length; i++) {
    if (bytes[i] !== MAGIC.charCodeAt(i)) throw broken("it does not begin as one");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const version = view.getUint32(HEADER.version, true);
  if (version !== FORMAT_VERSION) {
    throw broken(`its format version is ${version}, and this program reads ${FORMAT_VERSION}`);
  }
  const count = (nth: number): number => view.getUint32(HEADER.counts + 4 * nth, true);
  return {
    levels: count(0),
    nodes: count(1),
    leaves: count(2),
    items: count(3),
    idBytes: count(4),
  };
}

/** What the views rely on to stay inside their arrays; cheap, so it also runs without the checksum. */
function checkConsistency(buffer: SharedArrayBuffer, counts: Counts): void {
  const { levels, nodes, leaves, items, idBytes } = counts;
  const sections = sectionsOf(buffer, counts);
  const { firstChild, levelStart, firstItem, idStart } = sections;
  const consistent =
    levels >= 2 &&
    levels <= MAX_LEVELS + MAX_CLOSING_LEVELS &&
    items >= leaves &&
    leaves >= 1 &&
    levelStart[0] === 0 &&
    levelStart[1] === 1 &&
    levelStart[levels] === nodes - leaves &&
    levelStart[levels + 1] === nodes &&
    firstChild[0] === 1 &&
    firstChild[nodes] === nodes &&
    firstItem[leaves] === items &&
    idStart[items] === idBytes;
  if (!consistent) throw broken("its parts contradict each other");
}

function checksumOf(bytes: Uint8Array): Uint8Array {
  const hash = createHash("sha256");
  hash.update(bytes.subarray(0, HEADER.checksum));
  hash.update(bytes.subarray(HEADER.end));
  return hash.digest();
}

function toShared(bytes: Uint8Array): SharedArrayBuffer {
  const { buffer, byteLength } = bytes;
  if (buffer instanceof SharedArrayBuffer && buffer.byteLength === byteLength) return buffer;
  const shared = new SharedArrayBuffer(byteLength);
  new Uint8Array(shared).set(bytes);
  return shared;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function broken(reason: string): CatalogueError {
  return new CatalogueError({
    code: "BAD_PREPARED_FILE",
    problem: `This is not a usable prepared catalogue: ${reason}`,
    remedy: "Prepare the catalogue again from its source",
  });
}
