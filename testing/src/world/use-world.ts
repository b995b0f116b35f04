import { join } from "node:path";
import { beforeAll } from "vitest";
import { useTempDir } from "../directories.js";
import { type World, type WorldOptions, writeWorld } from "./write-world.js";

/** Enough items for every case, and models small enough for many runs. */
export const SMALL_WORLD = {
  items: 240,
  sharedPaths: 16,
  levels: 3,
  codesPerLevel: 12,
  layers: 2,
  width: 16,
  heads: 2,
  maxItems: 5,
} as const satisfies Partial<WorldOptions>;

export interface TestWorld extends World {
  /** Returns a path in the world's directory. */
  path(name: string): string;
}

/**
 * Writes a world for the tests of the enclosing `describe`, removed after them. Default: a small world
 * of 60 users.
 */
export function useWorld(options: Partial<WorldOptions> = {}): () => TestWorld {
  const directory = useTempDir();
  let made: TestWorld | undefined;
  beforeAll(async () => {
    const root = directory();
    const world = await writeWorld({ ...SMALL_WORLD, users: 60, directory: root, ...options });
    made = { ...world, path: (name) => join(root, name) };
  });
  return () => {
    if (made === undefined) throw new Error("the world exists only while tests run");
    return made;
  };
}

/** The flags that name a world's target, catalogue and histories. */
export function flagsOf(world: World): string[] {
  const { target, catalogue, histories } = world;
  return ["--target", target, "--catalogue", catalogue, "--histories", histories];
}
