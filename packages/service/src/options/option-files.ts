import { readFile, stat } from "node:fs/promises";
import { UsageError } from "../errors.js";
import { reasonOf } from "../log/reason.js";

/** Secrets, keys and certificates are small; a larger file is another one. */
const MAX_KIB = 1024;

/** A file that an option names. */
export interface OptionFile {
  /** What names it: a flag or a variable. */
  readonly name: string;
  readonly path: string;
}

/** The content of a file that an option names. */
export interface OptionFileContent {
  readonly bytes: Uint8Array;
  /** Present if other users of the machine can open it, which a file with a secret must not allow. */
  readonly warning?: string;
}

/**
 * Reads a file that an option names.
 *
 * @throws UsageError BAD_OPTION, with the file and without its content
 */
export async function readOptionFile(file: OptionFile): Promise<OptionFileContent> {
  const { name, path } = file;
  try {
    const facts = await stat(path);
    // A pipe without a writer would never end.
    if (!facts.isFile()) throw new Error("it is not a regular file");
    if (facts.size > MAX_KIB * 1024) throw new Error(`it has more than ${MAX_KIB} KiB`);
    const bytes = await readFile(path);
    const isOpen = process.platform !== "win32" && (facts.mode & 0o007) !== 0;
    if (!isOpen) return { bytes };
    const warning = `${name} ${path} is open to every user of this machine. Run chmod 600 ${path}.`;
    return { bytes, warning };
  } catch (cause) {
    throw refusedFile(file, `cannot be read: ${reasonOf(cause)}`, cause);
  }
}

/** An error about a file that an option names: "--tls-cert cert.pem has expired". */
export function refusedFile({ name, path }: OptionFile, what: string, cause?: unknown): UsageError {
  return new UsageError("BAD_OPTION", `${name} ${path} ${what}`, { cause });
}

/** A secret from a file, and what is unsafe about that file, if anything. */
export interface FiledSecret {
  readonly value: string;
  readonly warning?: string;
}

/** Reads a secret, such as a password, from the only line of a file. @throws UsageError BAD_OPTION */
export async function readSecretFile(file: OptionFile): Promise<FiledSecret> {
  const { bytes, ...rest } = await readOptionFile(file);
  const value = Buffer.from(bytes)
    .toString("utf8")
    .replace(/\r?\n$/, "");
  if (value.trim() === "") throw refusedFile(file, "is empty: write the secret into it");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (/[\x00-\x1f\x7f]/.test(value)) {
    throw refusedFile(
      file,
      "has several lines or control characters: write the secret alone into it",
    );
  }
  return { value, ...rest };
}
