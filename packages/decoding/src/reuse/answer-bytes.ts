import { crc32 } from "node:zlib";
import { DecodingError } from "../errors.js";
import type { Answer } from "./answer.js";
import { ByteReader, ByteWriter } from "./bytes.js";
import type { Certificate } from "./certificate.js";

/** The first byte: the layout of the others. */
const VERSION = 1;
const CHECKSUM_BYTES = 4;
/** Bits of the second byte. */
const HAS_LOG_PROBS = 1;
const HAS_CERTIFICATE = 2;
/** Bit of `refutedBy` in a file: the node has a list of codes. */
const HAS_CODES = 128;

/**
 * Writes an answer. A count or code is a varint: 7 bits per byte, the lowest first, with the high bit set
 * in all bytes but the last. Other numbers are little-endian.
 *
 * 1. uint8 × 2: version, 1; 1 if there are log-probabilities + 2 if there is a certificate
 * 2. varint × 2: number of paths; levels
 * 3. varint per level and path: the paths
 * 4. float64 per path: the scores
 * 5. float64 per path: the log-probabilities, if there are any
 * 6. the certificate, if there is one. varint: levels; varint per level: `codesPerLevel`. varint: number of prefixes. Per prefix, breadth-first, siblings by
 *    code: varint, last code; varint, children; uint8, `refutedBy`, + 128 if codes are listed: varint,
 *    their number; varint per code: the first, then each less the one before
 * 7. uint32: CRC-32 of all bytes before it
 */
export function encodeAnswer({ paths, scores, logProbs, certificate }: Answer): Uint8Array {
  const writer = new ByteWriter();
  const count = scores.length;
  writer.uint8(VERSION);
  writer.uint8(
    (logProbs === undefined ? 0 : HAS_LOG_PROBS) +
      (certificate === undefined ? 0 : HAS_CERTIFICATE),
  );
  writer.varint(count);
  writer.varint(count === 0 ? 0 : paths.length / count);
  for (const code of paths) writer.varint(code);
  for (const score of scores) writer.float64(score);
  for (const logProb of logProbs ?? []) writer.float64(logProb);
  if (certificate !== undefined) writeCertificate(writer, certificate);
  writer.uint32(crc32(writer.bytes()));
  return writer.bytes();
}

function writeCertificate(writer: ByteWriter, certificate: Certificate): void {
  const { tree, refutedBy, newCodes, codesPerLevel } = certificate;
  writer.varint(codesPerLevel.length);
  for (const codes of codesPerLevel) writer.varint(codes);
  writer.varint(refutedBy.length);
  refutedBy.forEach((bits, node) => {
    const codes = newCodes.get(node);
    writer.varint(tree.codes[node] ?? 0);
    writer.varint((tree.firstChild[node + 1] ?? 0) - (tree.firstChild[node] ?? 0));
    writer.uint8(bits | (codes === undefined ? 0 : HAS_CODES));
    if (codes === undefined) return;
    writer.varint(codes.length);
    codes.forEach((code, at) => {
      writer.varint(code - (at === 0 ? 0 : (codes[at - 1] ?? 0)));
    });
  });
}

/**
 * Reads what `encodeAnswer` wrote.
 *
 * @throws DecodingError BAD_ANSWER for other bytes
 */
export function decodeAnswer(bytes: Uint8Array): Answer {
  const end = bytes.length - CHECKSUM_BYTES;
  if (bytes[0] !== VERSION) throw damaged(`is not of version ${VERSION}`);
  if (end < 2) throw damaged("is cut off");
  const checksum = new ByteReader(bytes.subarray(end)).uint32();
  if (checksum !== crc32(bytes.subarray(0, end))) throw damaged("does not match its checksum");
  const reader = new ByteReader(bytes.subarray(1, end));
  try {
    return readAnswer(reader);
  } catch (error) {
    if (error instanceof RangeError) throw damaged("is too short or too long", error);
    throw error;
  }
}

/** @throws RangeError for bytes that end too early or too late */
function readAnswer(reader: ByteReader): Answer {
  const flags = reader.uint8();
  const count = reader.varint();
  const levels = reader.varint();
  const floats = () =>
    Float64Array.from({ length: reader.atMost(count, 8) }, () => reader.float64());
  const paths = Uint16Array.from({ length: reader.atMost(count * levels, 1) }, () =>
    reader.varint(),
  );
  const answer = {
    paths,
    scores: floats(),
    ...((flags & HAS_LOG_PROBS) !== 0 && { logProbs: floats() }),
    ...((flags & HAS_CERTIFICATE) !== 0 && { certificate: readCertificate(reader) }),
  };
  reader.finish();
  return answer;
}

function readCertificate(reader: ByteReader): Certificate {
  const levels = reader.atMost(reader.varint(), 1);
  const codesPerLevel = Uint32Array.from({ length: levels }, () => reader.varint());
  const count = reader.atMost(reader.varint(), 3);
  const codes = new Uint16Array(count);
  const firstChild = new Uint32Array(count + 1);
  const refutedBy = new Uint8Array(count);
  const newCodes = new Map<number, Uint16Array>();
  firstChild[0] = 1;
  for (let node = 0; node < count; node++) {
    codes[node] = reader.varint();
    firstChild[node + 1] = (firstChild[node] ?? 0) + reader.varint();
    const bits = reader.uint8();
    refutedBy[node] = bits & ~HAS_CODES;
    if ((bits & HAS_CODES) === 0) continue;
    let code = 0;
    const length = reader.atMost(reader.varint(), 1);
    newCodes.set(
      node,
      Uint16Array.from({ length }, () => (code += reader.varint())),
    );
  }
  return { tree: { codes, firstChild }, refutedBy, newCodes, codesPerLevel };
}

function damaged(what: string, cause?: unknown): DecodingError {
  return new DecodingError("BAD_ANSWER", `an answer that was kept ${what}; search again`, {
    cause,
  });
}
