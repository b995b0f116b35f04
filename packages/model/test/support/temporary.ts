import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

/** A directory for the tests of the enclosing `describe`, removed behind them. */
export function temporaryDirectory(): () => string {
  let directory: string | undefined;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "nightbeam-model-"));
  });
  afterAll(async () => {
    if (directory !== undefined) await rm(directory, { recursive: true });
  });
  return () => {
    if (directory === undefined) throw new Error("the directory is made before the tests");
    return directory;
  };
}
