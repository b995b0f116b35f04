import { spawnSync } from "node:child_process";
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import type { Recommendation } from "@nightbeam/dataset";
import { all, put, useTempDirs } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { openRun } from "../../src/local/open-run.js";
import type { Run } from "../../src/local/run.js";
import type { RunPlan } from "../../src/plan.js";
import { directoryJournal } from "../../src/records/journal.js";
import { readManifest, readRecommendations } from "../../src/records/read-recommendations.js";
import type { PartResult, RejectedRow } from "../../src/records/records.js";
import type { RunTotals } from "../../src/statistics/run-stats.js";

const tempDir = useTempDirs();

const PLAN: RunPlan = {
  format: "jsonl",
  partSize: 3,
  firstRow: 0,
  inputRows: 7,
  arguments: { k: 20, mode: "strict", filter: { allow: ["a"] } },
  versions: { target: "t1", catalogue: "c1" },
};

function recommend(row: number): Recommendation {
  return { user: `u${row}`, items: [{ item: `i${row}`, score: -row, codes: [row, 1] }] };
}

/** A part of PLAN; its second row is rejected. */
function part(index: number, plan: RunPlan = PLAN): PartResult {
  const first = plan.firstRow + index * plan.partSize;
  const end = Math.min(first + plan.partSize, plan.firstRow + (plan.inputRows ?? 0));
  const rows = Array.from({ length: end - first }, (_, place) => first + place);
  const bad = rows.slice(1, 2);
  const rejected: RejectedRow[] = bad.map((row) => {
    return { row, user: `u${row}`, reason: "unknown_items", detail: "none is in the catalogue" };
  });
  return {
    index,
    rowCount: rows.length,
    recommendations: rows.filter((row) => !bad.includes(row)).map(recommend),
    rejected,
    stats: { targetCalls: 10 + index, wallSeconds: 0.5 },
  };
}

async function withRun<T>(dir: string, work: (run: Run) => Promise<T>, plan = PLAN): Promise<T> {
  const run = await openRun({ dir, plan });
  try {
    return await work(run);
  } finally {
    await run.close();
  }
}

/** The temporary files and locks in a directory. */
function temps(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) =>
    /(^|\/)\.|lock/.test(name),
  );
}

describe("a run", () => {
  it("is planned, committed in any order and at once, and completed", async () => {
    const dir = join(tempDir(), "deep", "out");
    const manifest = await withRun(dir, async (run) => {
      expect(run).toMatchObject({ resumed: false, complete: false, state: "planned" });
      await Promise.all([2, 0, 1].map((index) => run.commitPart(part(index))));
      const derive = ({ users, stats }: RunTotals) => ({
        callsPerUser: (stats.targetCalls ?? 0) / users,
        nothing: 0 / 0,
      });
      const made = await run.finish({ derive });
      expect(run).toMatchObject({ complete: true, manifest: made });
      await expect(run.commitPart(part(0))).rejects.toMatchObject({ code: "RUN_STATE" });
      return made;
    });
    expect(manifest).toMatchObject({
      users: 5,
      rejected: 2,
      stats: { targetCalls: 33, wallSeconds: 1.5, callsPerUser: 6.6 },
      versions: PLAN.versions,
      arguments: PLAN.arguments,
      rejectedFile: "rejected.jsonl",
    });
    expect(manifest.stats).not.toHaveProperty("nothing");
    expect(
      manifest.parts.map(({ file, firstRow, rowCount }) => [file, firstRow, rowCount]),
    ).toEqual([
      ["parts/part-00000.jsonl", 0, 3],
      ["parts/part-00001.jsonl", 3, 3],
      ["parts/part-00002.jsonl", 6, 1],
    ]);
    expect(await readManifest(dir)).toEqual(manifest);
    expect((await all(readRecommendations(dir, { verify: true }))).map(({ user }) => user)).toEqual(
      ["u0", "u2", "u3", "u5", "u6"],
    );
    const rejected = readFileSync(join(dir, "rejected.jsonl"), "utf8").trim().split("\n");
    expect(rejected.map((line) => JSON.parse(line).row)).toEqual([1, 4]);
    expect(temps(dir)).toEqual([]);
    // Readers of data frames take the folder as one table.
    expect(readdirSync(join(dir, "parts")).toSorted()).toEqual(
      manifest.parts.map(({ file }) => basename(file)),
    );
  });

  it("writes to the folder of parts nothing but parts, at any time", async () => {
    const dir = tempDir();
    const names = new Set<string>();
    const { recommendations, ...rest } = part(0);
    const watched = (async function* () {
      yield* recommendations;
      for (const name of readdirSync(join(dir, "parts"))) names.add(name);
      expect(temps(dir)).toHaveLength(2);
    })();
    await withRun(dir, (run) => run.commitPart({ ...rest, recommendations: watched }));
    expect([...names]).toEqual([]);
    expect(readdirSync(join(dir, "parts"))).toEqual(["part-00000.jsonl"]);
  });

  it("continues where it stopped, and its figures cover what came before", async () => {
    const dir = tempDir();
    await withRun(dir, (run) => run.commitPart(part(1)));
    await withRun(dir, async (run) => {
      expect(run.resumed).toBe(true);
      expect([...run.committed.keys()]).toEqual([1]);
      await expect(run.finish()).rejects.toMatchObject({ code: "RUN_INCOMPLETE" });
      expect(await run.commitPart(part(1))).toMatchObject({ created: false });
      for (const index of [0, 2]) {
        expect(await run.commitPart(part(index))).toMatchObject({ created: true });
      }
      expect((await run.finish()).stats).toEqual({ targetCalls: 33, wallSeconds: 1.5 });
    });
    await withRun(dir, async (run) => {
      expect(run).toMatchObject({ complete: true, resumed: true });
      expect(await run.finish()).toEqual(await readManifest(dir));
    });
  });

  it("works in Parquet, with an offset and an end that is not known", async () => {
    const dir = tempDir();
    const { inputRows: _, ...open } = PLAN;
    const plan: RunPlan = { ...open, format: "parquet", firstRow: 100 };
    await withRun(
      dir,
      async (run) => {
        await run.commitPart(part(0, { ...plan, inputRows: 4 }));
        await run.commitPart(part(1, { ...plan, inputRows: 4 }));
        await run.finish();
      },
      plan,
    );
    const users = (await all(readRecommendations(dir))).map(({ user }) => user);
    expect(users).toEqual(["u100", "u102", "u103"]);
  });

  it("refuses a part that does not account for its rows, and keeps nothing of it", async () => {
    const dir = tempDir();
    await withRun(dir, async (run) => {
      const lost = { ...part(0), rejected: [] };
      const cases: PartResult[] = [lost, { ...part(0), rowCount: 2 }, { ...part(2), index: 3 }];
      for (const wrong of cases) {
        await expect(run.commitPart(wrong)).rejects.toMatchObject({ code: "PART_MISMATCH" });
      }
    });
    expect(readdirSync(join(dir, "parts"))).toEqual([]);
  });
});

describe("opening a directory", () => {
  it("with another plan reports every difference and the remedy", async () => {
    const dir = tempDir();
    await withRun(dir, async () => undefined);
    const plan: RunPlan = {
      ...PLAN,
      arguments: { k: 50, filter: { allow: ["a"] }, draft: "none" },
      versions: { target: "t1", catalogue: "c2" },
    };
    await expect(openRun({ dir, plan })).rejects.toMatchObject({
      code: "RUN_DIFFERS",
      message:
        `${dir} holds a run with another plan: arguments.draft was not set and is "none"; ` +
        'arguments.k was 20 and is 50; arguments.mode was "strict" and is not set; ' +
        'versions.catalogue was "c1" and is "c2". ' +
        "Use the same arguments to continue it, or name another --out.",
    });
    // The refusal has released the lock.
    await withRun(dir, async () => undefined);
  });

  it("that holds other files refuses, and writes nothing", async () => {
    const dir = tempDir();
    put(dir, "thesis.txt", "");
    await expect(openRun({ dir, plan: PLAN })).rejects.toMatchObject({ code: "NOT_A_RUN" });
    expect(readdirSync(dir)).toEqual(["thesis.txt"]);
  });

  it("with an invalid plan or damaged records refuses", async () => {
    const dir = tempDir();
    const bad = { ...PLAN, partSize: 0 };
    await expect(openRun({ dir, plan: bad })).rejects.toMatchObject({ code: "BAD_OPTION" });
    await withRun(dir, (run) => run.commitPart(part(0)));
    writeFileSync(join(dir, "commits", "part-00000.json"), "{");
    await expect(openRun({ dir, plan: PLAN })).rejects.toMatchObject({ code: "RUN_DAMAGED" });
    unlinkSync(join(dir, "commits", "part-00000.json"));
    await withRun(dir, (run) => run.commitPart(part(0)));
  });

  it("with a missing or shortened part says which record to remove", async () => {
    const dir = tempDir();
    await withRun(dir, (run) => run.commitPart(part(0)));
    unlinkSync(join(dir, "parts", "part-00000.jsonl"));
    await expect(openRun({ dir, plan: PLAN })).rejects.toMatchObject({
      code: "RUN_DAMAGED",
      message: expect.stringContaining("commits/part-00000.json"),
    });
  });

  describe("whose files were changed", () => {
    const flip = (path: string, at = -3) => {
      const bytes = readFileSync(path);
      const place = at < 0 ? bytes.length + at : at;
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    };
    const paths = (dir: string) => ({
      part: join(dir, "parts", "part-00000.jsonl"),
      other: join(dir, "parts", "part-00001.jsonl"),
      record: join(dir, "commits", "part-00000.json"),
    });
    const edit = (path: string, change: (text: string) => string) =>
      writeFileSync(path, change(readFileSync(path, "utf8")));

    it.each<[string, (files: ReturnType<typeof paths>) => void]>([
      ["a byte of a part", ({ part }) => flip(part)],
      ["the first byte of a part", ({ part }) => flip(part, 0)],
      ["a part cut off", ({ part }) => edit(part, (text) => text.slice(0, -5))],
      ["a part made longer", ({ part }) => edit(part, (text) => `${text}\n`)],
      ["an empty part", ({ part }) => writeFileSync(part, "")],
      ["a missing part", ({ part }) => rmSync(part)],
      [
        "two parts swapped",
        ({ part, other }) => {
          const [first, second] = [readFileSync(part), readFileSync(other)];
          writeFileSync(part, second);
          writeFileSync(other, first);
        },
      ],
      [
        "the hash in a record",
        ({ record }) => edit(record, (text) => text.replace(/"sha256": "./, '"sha256": "0')),
      ],
      [
        "the size in a record",
        ({ record }) => edit(record, (text) => text.replace(/"bytes": /, '"bytes": 1')),
      ],
      [
        "the lists in a record",
        ({ record }) => edit(record, (text) => text.replace(/"rows": /, '"rows": 1')),
      ],
      [
        "a file outside",
        ({ record }) => edit(record, (text) => text.replace("parts/", "../parts/")),
      ],
      ["a record cut off", ({ record }) => edit(record, (text) => text.slice(0, 30))],
    ])("finds %s, on opening and before the manifest", async (_, change) => {
      const dir = tempDir();
      await withRun(dir, async (run) => {
        for (const index of [0, 1, 2]) await run.commitPart(part(index));
        change(paths(dir));
        await expect(run.finish()).rejects.toMatchObject({ code: "RUN_DAMAGED" });
      });
      await expect(openRun({ dir, plan: PLAN })).rejects.toMatchObject({ code: "RUN_DAMAGED" });
    });
  });

  it.each([
    ["in the directory of the run", (file: string) => `.${file.replace("/", "-")}`],
    // As earlier versions did.
    ["beside the files", (file: string) => file.replace("/", "/.")],
  ])("after a kill removes leftovers and completes committed parts, %s", async (_, hidden) => {
    const dir = tempDir();
    const { record } = await withRun(dir, (run) => run.commitPart(part(0)));
    // As if the process had died after the commit, before it published the file.
    const path = join(dir, record.file);
    const content = readFileSync(path);
    rmSync(path);
    put(dir, `${hidden(record.file)}.${record.attempt}.tmp`, content);
    put(dir, `${hidden("parts/part-00001.jsonl")}.0000.tmp`, "half a par");
    put(dir, ".plan.json.0000.tmp", "{");
    await withRun(dir, async (run) => {
      expect([...run.committed.keys()]).toEqual([0]);
      expect(readFileSync(path)).toEqual(content);
    });
    expect(temps(dir)).toEqual([]);
  });
});

describe("a run of an earlier version", () => {
  it("has rejected rows beside its parts, and is continued and read", async () => {
    const dir = tempDir();
    await withRun(dir, (run) => run.commitPart(part(0)));
    const commit = join(dir, "commits", "part-00000.json");
    const { rejectedFile, ...record } = JSON.parse(readFileSync(commit, "utf8"));
    expect(rejectedFile).toBe("rejected/part-00000.jsonl");
    renameSync(join(dir, rejectedFile), join(dir, "parts", "part-00000.rejected.jsonl"));
    writeFileSync(commit, JSON.stringify(record));
    await withRun(dir, async (run) => {
      for (const index of [1, 2]) await run.commitPart(part(index));
      await run.finish();
    });
    const rejected = readFileSync(join(dir, "rejected.jsonl"), "utf8").trim().split("\n");
    expect(rejected.map((line) => JSON.parse(line).row)).toEqual([1, 4]);
    expect(await all(readRecommendations(dir, { verify: true }))).toHaveLength(5);
  });
});

describe("two at once", () => {
  it("on one directory: the second is refused while the first works", async () => {
    const dir = tempDir();
    await withRun(dir, async () => {
      await expect(openRun({ dir, plan: PLAN })).rejects.toMatchObject({
        code: "RUN_LOCKED",
        message: expect.stringMatching(new RegExp(`process ${process.pid} .*run\\.lock`)),
      });
    });
    await withRun(dir, async () => undefined);
  });

  it("take over the lock of a dead process and of a reused pid, not of another machine", async () => {
    const dir = tempDir();
    const lock = join(dir, "run.lock");
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    const own = { host: hostname(), began: null, token: "x" };
    writeFileSync(lock, JSON.stringify({ ...own, pid: dead }));
    await withRun(dir, async () => undefined);
    if (existsSync("/proc/self/stat")) {
      writeFileSync(lock, JSON.stringify({ ...own, pid: process.pid, began: "1" }));
      await withRun(dir, async () => undefined);
    }
    writeFileSync(lock, JSON.stringify({ ...own, pid: dead, host: "elsewhere" }));
    await expect(openRun({ dir, plan: PLAN })).rejects.toMatchObject({ code: "RUN_LOCKED" });
  });

  it("committing one part: one record counts, and it names the right file", async () => {
    const dir = tempDir();
    await withRun(dir, async (run) => {
      const outcomes = await Promise.all(
        [1, 2, 3, 4].map((score) =>
          run.commitPart({
            index: 2,
            rowCount: 1,
            recommendations: [{ user: "u6", items: [{ item: "i", score, codes: [1] }] }],
            rejected: [],
            stats: {},
          }),
        ),
      );
      expect(outcomes.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(outcomes.map(({ record }) => record.sha256)).size).toBe(1);
      await run.commitPart(part(0));
      await run.commitPart(part(1));
      await run.finish();
    });
    expect(await all(readRecommendations(dir, { verify: true }))).toHaveLength(5);
    expect(temps(dir)).toEqual([]);
  });
});

describe("readers", () => {
  it("trust the manifest alone", async () => {
    const dir = tempDir();
    await withRun(dir, async (run) => {
      for (const index of [0, 1, 2]) await run.commitPart(part(index));
      await expect(all(readRecommendations(dir))).rejects.toMatchObject({ code: "RUN_INCOMPLETE" });
      await run.finish();
    });
    put(join(dir, "parts"), "part-00003.jsonl", "no part of the run");
    expect(await all(readRecommendations(dir))).toHaveLength(5);
    const path = join(dir, "parts", "part-00001.jsonl");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace("u3", "u9"));
    expect(await all(readRecommendations(dir))).toHaveLength(5);
    const verified = all(readRecommendations(dir, { verify: true }));
    await expect(verified).rejects.toMatchObject({ code: "RUN_DAMAGED" });
    writeFileSync(path, text.slice(1));
    await expect(all(readRecommendations(dir))).rejects.toMatchObject({ code: "RUN_DAMAGED" });
  });
});

describe("the directory's journal", () => {
  it("keeps one of two plans, and lists commits by number", async () => {
    const dir = tempDir();
    const journal = directoryJournal(dir);
    expect(await journal.readPlan()).toBeUndefined();
    expect(await journal.readCommits()).toEqual([]);
    const other = { ...PLAN, partSize: 9 };
    const made = await Promise.all([journal.createPlan(PLAN), journal.createPlan(other)]);
    expect(made.toSorted()).toEqual([false, true]);
    expect(await journal.readPlan()).toEqual(made[0] ? PLAN : other);
  });
});
