import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { contentHash } from "../records/content-hash.js";

/** What a search found for a user, for later runs. */
export interface KeptAnswer {
  readonly user: string;
  /** The start of the hash of the question without the catalogue. Shape [QUESTION_BYTES]. */
  readonly question: Uint8Array;
  /** As `encodeAnswer` of `@nightbeam/decoding` writes it. */
  readonly answer: Uint8Array;
}

/** Bytes of a question's hash that are kept: enough to tell any two questions apart. */
export const QUESTION_BYTES = 16;

/** A file of answers, and what a record says of it. */
export interface AnswersFile {
  readonly bytes: Uint8Array;
  readonly entry: { readonly file: string; readonly users: number; readonly sha256: string };
}

const MAGIC = "NBANSWER";
const VERSION = 1;
const HEADER_BYTES = MAGIC.length + 8;
/** Answers are compact already. */
const LEVEL = 1;

/**
 * Makes a file of answers: gzip over `NBANSWER`, u32 version, u32 number of answers, and the answers as `packAnswer` writes
 * them. Numbers are little-endian.
 *
 * @returns undefined without answers
 */
export async function answersFile(
  file: string,
  answers: readonly KeptAnswer[] = [],
): Promise<AnswersFile | undefined> {
  if (answers.length === 0) return undefined;
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, "latin1");
  header.writeUInt32LE(VERSION, MAGIC.length);
  header.writeUInt32LE(answers.length, MAGIC.length + 4);
  const content = Buffer.concat([header, ...answers.map(packAnswer)]);
  const bytes = await promisify(gzip)(content, { level: LEVEL });
  return { bytes, entry: { file, users: answers.length, sha256: contentHash(bytes) } };
}

/** @throws Error with the problem in words: the caller names the file */
export async function decodeAnswers(packed: Uint8Array): Promise<KeptAnswer[]> {
  const bytes = await promisify(gunzip)(packed);
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) throw new Error("it has no answers");
  const version = bytes.readUInt32LE(MAGIC.length);
  if (version !== VERSION) throw new Error(`it is of version ${version}, not ${VERSION}`);
  const count = bytes.readUInt32LE(MAGIC.length + 4);
  let at = HEADER_BYTES;
  const answers = Array.from({ length: count }, () => {
    const { end, ...answer } = unpackAnswer(bytes, at);
    at = end;
    return answer;
  });
  if (at !== bytes.length) throw new Error("bytes follow its last answer");
  return answers;
}

/** An answer as bytes: u32 and the user in UTF-8, the question, u32 and the answer. */
export function packAnswer({ user, question, answer }: KeptAnswer): Uint8Array {
  const name = Buffer.from(user);
  const bytes = Buffer.alloc(8 + name.length + QUESTION_BYTES + answer.length);
  let at = bytes.writeUInt32LE(name.length);
  at += name.copy(bytes, at);
  bytes.set(question, at);
  at = bytes.writeUInt32LE(answer.length, at + QUESTION_BYTES);
  bytes.set(answer, at);
  return bytes;
}

/** @returns the answer, and where the next one begins @throws Error, RangeError */
export function unpackAnswer(packed: Uint8Array, at = 0): KeptAnswer & { readonly end: number } {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const question = at + 4 + bytes.readUInt32LE(at);
  const answer = question + QUESTION_BYTES + 4;
  const end = answer + bytes.readUInt32LE(answer - 4);
  if (end > bytes.length) throw new Error("it is cut off");
  return {
    user: bytes.toString("utf8", at + 4, question),
    question: bytes.subarray(question, question + QUESTION_BYTES),
    answer: bytes.subarray(answer, end),
    end,
  };
}
