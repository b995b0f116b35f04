import { crc32 } from "node:zlib";
import { DecodingError } from "../errors.js";
import type { Answer } from "./answer.js";

/** The first byte: the layout of the others. */
const VERSION = 1;
const HEADER_BYTES = 8;
const CHECKSUM_BYTES = 4;
/** Bits of the third byte. */
const HAS_LOG_PROBS = 1;

/**
 * Writes an answer. Numbers are little-endian.
 *
 * 1. uint8 × 4: version, 1; levels; 1 if there are log-probabilities, else 0; 0
 * 2. uint32: number of paths
 * 3. uint16 per level and path: the paths
 * 4. float64 per path: the scores
 * 5. float64 per path: the log-probabilities, if there are any
 * 6. uint32: CRC-32 of all bytes before it
 */
export function encodeAnswer({ paths, scores, logProbs }: Answer): Uint8Array {
  const count = scores.length;
  const floats = logProbs === undefined ? [scores] : [scores, logProbs];
  const size = HEADER_BYTES + 2 * paths.length + 8 * count * floats.length + CHECKSUM_BYTES;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes[0] = VERSION;
  bytes[1] = count === 0 ? 0 : paths.length / count;
  bytes[2] = logProbs === undefined ? 0 : HAS_LOG_PROBS;
  view.setUint32(4, count, true);
  let at = HEADER_BYTES;
  for (const code of paths) {
    view.setUint16(at, code, true);
    at += 2;
  }
  for (const value of floats.flatMap((values) => [...values])) {
    view.setFloat64(at, value, true);
    at += 8;
  }
  view.setUint32(at, crc32(bytes.subarray(0, at)), true);
  return bytes;
}

/**
 * Reads what `encodeAnswer` wrote.
 *
 * @throws DecodingError BAD_ANSWER for other bytes
 */
export function decodeAnswer(bytes: Uint8Array): Answer {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end < HEADER_BYTES) throw damaged(`has ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [version = 0, levels = 0, flags = 0] = bytes;
  if (version !== VERSION) throw damaged(`is of version ${version}, not ${VERSION}`);
  if (view.getUint32(end, true) !== crc32(bytes.subarray(0, end))) {
    throw damaged("does not match its checksum");
  }
  const count = view.getUint32(4, true);
  const columns = flags === HAS_LOG_PROBS ? 2 : 1;
  if (end !== HEADER_BYTES + count * (2 * levels + 8 * columns)) {
    throw damaged(`has ${bytes.length} bytes for ${count} paths`);
  }
  const pathsEnd = HEADER_BYTES + 2 * levels * count;
  const floatsAt = (column: number) =>
    Float64Array.from({ length: count }, (_, row) =>
      view.getFloat64(pathsEnd + 8 * (column * count + row), true),
    );
  const paths = Uint16Array.from({ length: levels * count }, (_, at) =>
    view.getUint16(HEADER_BYTES + 2 * at, true),
  );
  const answer = { paths, scores: floatsAt(0) };
  return columns === 1 ? answer : { ...answer, logProbs: floatsAt(1) };
}

function damaged(what: string): DecodingError {
  return new DecodingError("BAD_ANSWER", `an answer that was kept ${what}; search again`);
}
