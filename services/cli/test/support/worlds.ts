import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Recommendation } from "@nightbeam/dataset";
import { recommendRun } from "@nightbeam/recommend";
import { readRecommendations } from "@nightbeam/run";
import { type World, type WorldOptions, writeWorld } from "@nightbeam/testing";
import { afterAll, beforeAll } from "vitest";
import { recommendOptions } from "../../src/recommend/options.js";

/** Items enough for every case, and models small enough for many runs. */
const SMALL: Omit<WorldOptions, "directory"> = {
  items: 240,
  sharedPaths: 16,
  users: 60,
  levels: 3,
  codesPerLevel: 12,
  layers: 2,
  width: 16,
  heads: 2,
  maxItems: 5,
};

export interface TestWorld extends World {
  /** A path in the world's directory. */
  path(name: string): string;
}

/** A world for the tests of the enclosing `describe`, removed behind them. */
export function useWorld(options: Partial<WorldOptions> = {}): () => TestWorld {
  let made: TestWorld | undefined;
  let directory: string | undefined;
  beforeAll(async () => {
    const root = await mkdtemp(join(tmpdir(), "nightbeam-cli-"));
    directory = root;
    const world = await writeWorld({ ...SMALL, directory: root, ...options });
    made = { ...world, path: (name) => join(root, name) };
  });
  afterAll(async () => {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });
  return () => {
    if (made === undefined) throw new Error("the world is made before the tests");
    return made;
  };
}

/** The flags that every run of a world has. */
export function flagsOf(world: World): string[] {
  const { target, catalogue, histories } = world;
  return ["--target", target, "--catalogue", catalogue, "--histories", histories];
}

/** Recommends in this process, which spares starting another, and reads the lists. */
export async function listsIn(
  world: TestWorld,
  flags: Record<string, unknown> & { out: string },
): Promise<Recommendation[]> {
  const { target, catalogue, histories } = world;
  const out = world.path(flags.out);
  const options = await recommendOptions({ target, catalogue, histories, ...flags, out });
  const signal = new AbortController().signal;
  await recommendRun(options, { onEvent: () => undefined, signal });
  return listsOf(out);
}

/** All lists of a finished run, in order; every file is held against its hash. */
export async function listsOf(out: string): Promise<Recommendation[]> {
  const lists: Recommendation[] = [];
  for await (const batch of readRecommendations(out, { verify: true })) lists.push(...batch);
  return lists;
}

export interface UserLine {
  readonly user: string;
  readonly history: readonly string[];
}

export async function usersOf(world: World): Promise<UserLine[]> {
  return jsonLines<UserLine>(world.histories);
}

export async function jsonLines<Line>(path: string): Promise<Line[]> {
  const text = await readFile(path, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Line => JSON.parse(line));
}

export async function writeUsers(path: string, users: readonly unknown[]): Promise<string> {
  await writeFile(path, users.map((user) => `${JSON.stringify(user)}\n`).join(""));
  return path;
}

/** Changes a JSON file of a checkpoint. */
export async function editJson(path: string, fields: Record<string, unknown>): Promise<void> {
  const json: Record<string, unknown> = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...json, ...fields }));
}
