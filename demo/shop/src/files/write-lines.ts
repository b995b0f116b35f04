import type { FileHandle } from "node:fs/promises";

/** Appends values as JSON, one per line. */
export async function writeLines(file: FileHandle, values: readonly unknown[]): Promise<void> {
  await file.writeFile(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
}
