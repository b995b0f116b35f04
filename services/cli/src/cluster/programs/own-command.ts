import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** How to start another `nightbeam` process, with the same flags for Node and its memory. */
export interface OwnCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const BIN = fileURLToPath(new URL("../../../bin/nightbeam.js", import.meta.url));

/** The first line of bin/nightbeam.js as arguments of `spawn`. */
export function ownCommand(): OwnCommand {
  const [firstLine = ""] = readFileSync(BIN, "utf8").split("\n", 1);
  const { env, flags } = readFirstLine(firstLine);
  return { command: process.execPath, args: [...flags, BIN], env };
}

/** Parses `#!/usr/bin/env -S NAME=value … node --flag …`. */
export function readFirstLine(line: string): {
  readonly env: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
} {
  const words = line.split(/\s+/).slice(1);
  const node = words.indexOf("node");
  const assignments = words.slice(0, Math.max(node, 0)).filter((word) => word.includes("="));
  return {
    env: Object.fromEntries(
      assignments.map((word) => [
        word.slice(0, word.indexOf("=")),
        word.slice(word.indexOf("=") + 1),
      ]),
    ),
    flags: node === -1 ? [] : words.slice(node + 1),
  };
}
