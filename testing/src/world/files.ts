import { readFile, writeFile } from "node:fs/promises";
import type { World } from "./write-world.js";

/** A line of a histories file. */
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

/** Writes one line of JSON per user. @returns the path */
export async function writeUsers(path: string, users: readonly unknown[]): Promise<string> {
  await writeFile(path, users.map((user) => `${JSON.stringify(user)}\n`).join(""));
  return path;
}

/** Replaces fields of a JSON file, such as a checkpoint's `config.json`. */
export async function editJson(path: string, fields: Record<string, unknown>): Promise<void> {
  const json: Record<string, unknown> = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...json, ...fields }));
}
