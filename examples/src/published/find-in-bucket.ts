import { byteReader, decodeList } from "./decode-list.js";

/** The list of a user in the file of its bucket, or null. */
export function findInBucket(bytes: Buffer, user: string) {
  const { take, number, isAtEnd } = byteReader(bytes);
  while (!isAtEnd()) {
    const name = take(number()).toString("utf8");
    const list = take(number());
    if (name === user) return decodeList(list);
  }
  return null;
}
