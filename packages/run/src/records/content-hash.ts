import { createHash } from "node:crypto";

/** The SHA-256 of a file's content, in hex, as a record of the file states it. */
export function contentHash(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
