import { readFile, stat } from "node:fs/promises";
import { UsageError } from "../errors.js";
import { reasonOf } from "../log/reason.js";

/** A secret is a line; a larger file is another one. */
const MAX_BYTES = 64 * 1024;

/** A secret from a file, and what is unsafe about that file, if anything. */
export interface FiledSecret {
  readonly value: string;
  readonly warning?: string;
}

/**
 * Reads a secret, such as a password, from the only line of a file.
 *
 * @param name what names the file, such as NIGHTBEAM_TOKEN_FILE
 * @throws UsageError BAD_OPTION, with the file and without its content
 */
export async function readSecretFile(name: string, path: string): Promise<FiledSecret> {
  const refused = (why: string, cause?: unknown) =>
    new UsageError("BAD_OPTION", `${name} ${path} ${why}`, { cause });
  const { text, mode } = await read(path).catch((cause: unknown) => {
    throw refused(`cannot be read: ${reasonOf(cause)}`, cause);
  });
  const value = text.replace(/\r?\n$/, "");
  if (value.trim() === "") throw refused("is empty: write the secret into it");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (/[\x00-\x1f\x7f]/.test(value)) {
    throw refused("has several lines or control characters: write the secret alone into it");
  }
  const isOpen = process.platform !== "win32" && (mode & 0o007) !== 0;
  if (!isOpen) return { value };
  return {
    value,
    warning: `${name} ${path} is open to every user of this machine. Run chmod 600 ${path}.`,
  };
}

async function read(path: string): Promise<{ readonly text: string; readonly mode: number }> {
  const facts = await stat(path);
  // A pipe without a writer would never end.
  if (!facts.isFile()) throw new Error("it is not a regular file");
  if (facts.size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES / 1024} KiB`);
  return { text: await readFile(path, "utf8"), mode: facts.mode };
}
