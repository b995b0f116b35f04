import { existsSync, readdirSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { readManifest } from "@nightbeam/run";
import { refusal, startNightbeam, succeed } from "@nightbeam/testing/command";
import { flagsOf, useWorld } from "@nightbeam/testing/world";
import { beforeAll, describe, expect, it } from "vitest";

describe("a run that is stopped", () => {
  // Large enough to be caught in the middle.
  const world = useWorld({ users: 300, width: 64, layers: 4 });
  const flags = () => [...flagsOf(world()), "--part-size", "10", "--batch-size", "4"];
  let whole: string[];

  beforeAll(async () => {
    const out = world().path("whole");
    await succeed("recommend", ...flags(), "--format", "jsonl", "--out", out);
    whole = await hashes(out);
    expect(whole).toHaveLength(30);
  });

  it("by SIGINT says so, and the same command finishes it", async () => {
    const out = world().path("interrupted");
    const command = ["recommend", ...flags(), "--format", "jsonl", "--out", out];
    const { code, stdout, stderr } = await stopped(command, { out, signal: "SIGINT" });
    expect(code).toBe(130);
    expect(stdout).toBe("");
    expect(stderr).toContain("Stopping after the calls in progress");
    expect(stderr).toMatch(
      /Interrupted\. Finished parts are kept; the same command continues\.\n$/,
    );
    const done = partsDone(out);
    expect(done).toBeLessThan(30);
    expect(existsSync(join(out, "manifest.json"))).toBe(false);

    const again = await succeed(...command);
    expect(again.stderr).toContain(`Continuing: ${10 * done} of 300 users were done before.`);
    // The same users, items, order and scores, to the byte.
    expect(await hashes(out)).toEqual(whole);
    await leavesNothingBehind(out);
  });

  it("by SIGKILL is finished by the same command, even with another draft", async () => {
    const out = world().path("killed");
    const command = ["recommend", ...flags(), "--format", "jsonl", "--out", out];
    const ending = await stopped(command, { out, signal: "SIGKILL" });
    expect(ending.signal).toBe("SIGKILL");

    const drafted = ["--draft", world().draft, "--draft-width", "20", "--workers", "1"];
    const again = await succeed(...command, ...drafted);
    expect(again.stderr).toMatch(
      /^This run was begun with other drafts, or none: its manifest names those/,
    );
    expect(await hashes(out)).toEqual(whole);
    const { stats, users } = await readManifest(out);
    expect(users).toBe(300);
    expect(stats.wallSeconds).toBeGreaterThan(0);
    await leavesNothingBehind(out);
  });

  it("is left as it is once it is complete", async () => {
    const out = world().path("whole");
    const before = await modified(out);
    const command = ["recommend", ...flags(), "--format", "jsonl", "--out", out];
    const { stdout, stderr } = await succeed(...command);
    expect(stderr).toBe("This run is complete already; nothing was left to do.\n");
    expect(stdout).toMatch(/^users /);
    expect(await modified(out)).toEqual(before);
  });

  it("refuses other arguments, and names them", async () => {
    const out = world().path("whole");
    const other = ["--top-k", "7", "--scoring", "renormalized", "--exclude-seen", "--out", out];
    const draft = ["--draft", world().draft];
    const message = await refusal("recommend", ...flags(), ...other, ...draft);
    expect(message).toBe(
      `error: ${out} holds a run with another plan: arguments.excludeSeen was false and is true; ` +
        'arguments.scoring was "full" and is "renormalized"; arguments.topK was 10 and is 7; ' +
        'format was "jsonl" and is "parquet". ' +
        "Use the same arguments to continue it, or name another --out.\n",
    );
  });
});

/** Sends the signal when some parts, but not all, are done. */
async function stopped(
  command: readonly string[],
  options: { out: string; signal: NodeJS.Signals },
) {
  const { child, ending } = startNightbeam(...command);
  while (partsDone(options.out) < 3) {
    expect(child.exitCode, "it ended before it could be stopped").toBe(null);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  child.kill(options.signal);
  return ending;
}

function partsDone(out: string): number {
  const commits = join(out, "commits");
  return existsSync(commits)
    ? readdirSync(commits).filter((name) => /^part-\d+\.json$/.test(name)).length
    : 0;
}

/** Of the part files, in order. */
async function hashes(out: string): Promise<string[]> {
  const { parts } = await readManifest(out);
  return parts.map(({ sha256 }) => sha256);
}

async function leavesNothingBehind(out: string): Promise<void> {
  const names = (await readdir(out, { recursive: true })).toSorted();
  expect(names.filter((name) => name.includes("tmp") || name.endsWith(".lock"))).toEqual([]);
  expect(await readFile(join(out, "rejected.jsonl"), "utf8")).toBe("");
}

async function modified(out: string): Promise<Record<string, number>> {
  const names = (await readdir(out, { recursive: true })).toSorted();
  const files = names.filter((name) => name.includes("."));
  const times = await Promise.all(files.map((name) => stat(join(out, name))));
  return Object.fromEntries(files.map((name, at) => [name, times[at]?.mtimeMs ?? 0]));
}
