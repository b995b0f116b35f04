import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HistoryRow } from "@nightbeam/dataset";
import { directoryStore, fingerprint } from "@nightbeam/store";
import { useTempDirs } from "@nightbeam/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { committedShards, directoryJournal } from "../../src/records/journal.js";
import { mapAtMost } from "../../src/records/map-at-most.js";
import { readManifest } from "../../src/records/read-recommendations.js";
import type { Manifest } from "../../src/records/records.js";
import { commitWritten } from "../../src/shards/commit-shard.js";
import { finishRun, missingShards } from "../../src/shards/finish-run.js";
import { runState } from "../../src/shards/read-state.js";
import { sweepAttempts } from "../../src/shards/sweep-attempts.js";
import { uncommitShards } from "../../src/shards/uncommit-shards.js";
import { writeShard } from "../../src/shards/write-shard.js";
import { dyingAt } from "../support/dying-fs.js";
import { attempt, histories, plan } from "./support.js";

const tempDir = useTempDirs();
// Where dead processes leave their temporary files.
beforeEach(() => {
  vi.stubEnv("TMPDIR", tempDir());
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** Two shards; the first two rows are a shard with a list and a rejected row. */
const ROWS = 5;
const FEW_ROWS = 2;

/** A whole run: what a scheduler and a drafter do, from where the last ones stopped. */
async function night(dir: string, scratch: string, rows = ROWS): Promise<Manifest> {
  const store = directoryStore(dir);
  const { plan: planned } = await plan(store, {}, histories(rows));
  for (const index of missingShards(planned, await committedShards(store))) {
    await commitWritten(
      store,
      await writeShard(await attempt({ store, plan: planned, index, scratch })),
    );
  }
  const manifest = await finishRun(store, { now: new Date(0) });
  await sweepAttempts(store);
  return manifest;
}

/** Checks that every record names complete files. @returns whether the run is complete */
async function expectNoTorn(dir: string): Promise<boolean> {
  const names = filesOf(dir);
  for (const record of await directoryJournal(dir).readCommits()) {
    const { bytes, sha256, rejected, rejectedFile } = record;
    expect(await fingerprint(join(dir, record.file))).toEqual({ bytes, sha256 });
    if (rejected === 0) continue;
    expect(names).toContain(rejectedFile);
    const lines = readFileSync(join(dir, rejectedFile ?? ""), "utf8").split("\n");
    expect(lines).toHaveLength(rejected + 1);
  }
  return (await runState(directoryStore(dir))).state === "complete";
}

/** Checks that a run is complete, and equal to another except for the names of attempts. */
async function expectSame(dir: string, other: string): Promise<void> {
  expect(await expectNoTorn(dir)).toBe(true);
  expect(await outcomeOf(dir)).toEqual(await outcomeOf(other));
  expect(withoutAttempts(filesOf(dir))).toEqual(withoutAttempts(filesOf(other)));
}

async function outcomeOf(dir: string) {
  const { parts, createdAt: _, ...manifest } = await readManifest(dir);
  const rejected = readFileSync(join(dir, manifest.rejectedFile), "utf8");
  return { ...manifest, rejected, parts: parts.map(({ file: _, ...part }) => part) };
}

/** All files below a directory, including temporary ones. */
function filesOf(dir: string): string[] {
  if (!existsSync(dir)) return [];
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .toSorted();
}

function withoutAttempts(names: readonly string[]): string[] {
  return names.map((name) => name.replace(/\.a\d+-[0-9a-f]+\./, ".attempt."));
}

describe("a process that dies", () => {
  it("at any file-system step leaves a run that another one completes", async () => {
    const scratch = tempDir();
    const whole = join(scratch, "whole");
    await night(whole, scratch, FEW_ROWS);
    let deaths = 0;
    for (let step = 0; ; step++) {
      const dir = join(scratch, `${step}`);
      if (!(await dyingAt(step, () => night(dir, scratch, FEW_ROWS)))) break;
      deaths++;
      await expectNoTorn(dir);
      await night(dir, scratch, FEW_ROWS);
      await expectSame(dir, whole);
      rmSync(dir, { recursive: true });
    }
    // Fewer would mean that the steps are not intercepted, and nothing was tested.
    expect(deaths).toBeGreaterThan(40);
  }, 60_000);

  it("while it uncommits shards leaves the old run, or one without a manifest that is completed", async () => {
    const scratch = tempDir();
    const whole = join(scratch, "whole");
    await night(whole, scratch, FEW_ROWS);
    const redo = (dir: string) => uncommitShards(directoryStore(dir), [0]);
    let deaths = 0;
    for (let step = 0; ; step++) {
      const dir = join(scratch, `${step}`);
      cpSync(whole, dir, { recursive: true });
      if (!(await dyingAt(step, () => redo(dir)))) break;
      deaths++;
      const isWhole = await expectNoTorn(dir);
      if (isWhole) await expectSame(dir, whole);
      await redo(dir);
      expect((await runState(directoryStore(dir))).committed.size).toBe(0);
      await night(dir, scratch, FEW_ROWS);
      await expectSame(dir, whole);
      rmSync(dir, { recursive: true });
    }
    expect(deaths).toBeGreaterThan(3);
  });

  it("by SIGKILL leaves a run that another one completes", async () => {
    const scratch = tempDir();
    const whole = join(scratch, "whole");
    await night(whole, scratch);
    const rows: HistoryRow[] = [];
    for await (const batch of histories(ROWS)) rows.push(...batch);
    const steps = [8, 20, 33, 44];
    const runs = steps.map((step) => ({ step, dir: join(scratch, `run-${step}`) }));
    const kill = async ({ step, dir }: { step: number; dir: string }) => {
      return runChild([dir, scratch, `${step}`, JSON.stringify(rows)]);
    };
    expect(await mapAtMost(2, runs, kill)).toEqual(steps.map(() => "SIGKILL"));
    for (const { dir } of runs) {
      expect(await expectNoTorn(dir)).toBe(false);
      await night(dir, scratch);
      await expectSame(dir, whole);
    }
  }, 60_000);
});

/** Runs the child process. @returns its exit code, or the signal that killed it */
function runChild(given: readonly string[]): Promise<unknown> {
  const script = join(import.meta.dirname, "..", "support", "killed-run.mjs");
  const child = spawn(process.execPath, [script, ...given], { stdio: "ignore" });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(signal ?? code));
  });
}

describe("a full disk", () => {
  const mounts: string[] = [];
  afterEach(() => {
    for (const dir of mounts.splice(0)) {
      spawnSync("umount", [dir]);
      rmSync(dir, { recursive: true, force: true });
    }
  });

  /** A file system of a given size, or undefined if this user cannot mount one. */
  function smallDisk(size: string): string | undefined {
    const dir = mkdtempSync(join(tmpdir(), "nightbeam-disk-"));
    const made = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", dir]);
    mounts.push(dir);
    return made.status === 0 ? dir : undefined;
  }

  it("is reported as such; with free space, the run is completed", async (context) => {
    const disk = smallDisk("24k");
    if (disk === undefined) {
      console.warn(
        "this user cannot mount a small file system: the test of a full disk is skipped",
      );
      return context.skip();
    }
    const dir = join(disk, "run");
    const scratch = tempDir();
    const failure = { code: "STORE_FAILED", message: expect.stringContaining("ENOSPC") };
    await expect(night(dir, scratch)).rejects.toMatchObject(failure);
    expect(await expectNoTorn(dir)).toBe(false);
    const more = spawnSync("mount", ["-o", "remount,size=8m", disk]);
    expect(more.status).toBe(0);
    await night(dir, scratch);
    expect(await expectNoTorn(dir)).toBe(true);
  });
});
