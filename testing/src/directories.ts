import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";

/** Creates a new directory per call; all are removed after each test of the file. */
export function useTempDirs(): () => string {
  const made: string[] = [];
  afterEach(() => {
    for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
  });
  return () => {
    const directory = temporaryDirectory();
    made.push(directory);
    return directory;
  };
}

/** One directory for all tests of the enclosing `describe`, removed after the last. */
export function useTempDir(): () => string {
  let directory: string | undefined;
  beforeAll(() => {
    directory = temporaryDirectory();
  });
  afterAll(() => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });
  return () => {
    if (directory === undefined) throw new Error("the directory exists only while tests run");
    return directory;
  };
}

/** Writes a file into a directory and returns its path. */
export function put(directory: string, name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), "nightbeam-test-"));
}
