import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const LINES_AT_ONCE = 512;

/** Streams values as JSON, one per line: memory does not grow with their number. */
export async function writeLines(file: string, values: Iterable<unknown>): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await pipeline(Readable.from(blocks(values)), createWriteStream(file));
}

function* blocks(values: Iterable<unknown>): Generator<string> {
  let lines: string[] = [];
  for (const value of values) {
    lines.push(`${JSON.stringify(value)}\n`);
    if (lines.length === LINES_AT_ONCE) {
      yield lines.join("");
      lines = [];
    }
  }
  if (lines.length > 0) yield lines.join("");
}
