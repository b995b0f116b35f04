import { rmSync } from "node:fs";
import { join } from "node:path";
import { openDestination } from "@nightbeam/publish";
import { openRun } from "@nightbeam/run";
import { silentLog } from "@nightbeam/service/log";
import { put, refusalOf, until, useTempDirs } from "@nightbeam/testing";
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { systemWallClock } from "../src/clock.js";
import {
  openPublicationDesk,
  type PublicationDeskOptions,
  publishDestination,
} from "../src/publications/publication-desk.js";
import { memoryFiles } from "./support/memory-files.js";

const tempDir = useTempDirs();

/** A complete run of one user, as the desk sees it. */
async function completeRun(publish?: string) {
  const dir = join(tempDir(), "run");
  const plan = { format: "jsonl", partSize: 1, firstRow: 0, inputRows: 1, arguments: {} } as const;
  const run = await openRun({ dir, plan: { ...plan, versions: {} } });
  const recommendations = [{ user: "u", items: [{ item: "i", score: -1, codes: [1] }] }];
  await run.commitPart({ index: 0, rowCount: 1, recommendations, rejected: [], stats: {} });
  const manifest = await run.finish();
  await run.close();
  const asked = publish === undefined ? {} : { publish };
  const record = { runId: "night-1", night: "daily", ...asked };
  return { record, manifest, output: { location: dir } };
}

type Seen = Parameters<ReturnType<typeof openPublicationDesk>["see"]>[0];

function desk(options: Partial<PublicationDeskOptions> & { readonly to: string | undefined }) {
  const raised: string[] = [];
  const mended: string[] = [];
  // Without Redis, the work is done without a lease.
  const redis = new Redis({ lazyConnect: true, replyMapping: "legacy" });
  redis.disconnect();
  const destination = publishDestination({ publishTo: options.to }, undefined);
  const opened = openPublicationDesk({
    files: memoryFiles(),
    queues: { redis, prefix: "test" },
    leaseMs: 1_000,
    alarms: {
      raise: ({ message }) => raised.push(message),
      mend: ({ kind = "" }) => mended.push(kind),
    },
    onKnown: () => undefined,
    clock: systemWallClock,
    log: silentLog,
    pauseMs: () => 20,
    ...options,
    destination,
  });
  return { desk: opened, raised, mended };
}

async function stateOf(of: ReturnType<typeof desk>["desk"], run: Seen) {
  return (await of.read(run))?.state;
}

it("publishes a run once, also after a restart of the scheduler", async () => {
  const [files, to, run] = [memoryFiles(), tempDir(), await completeRun("home")];
  const first = desk({ files, to });
  expect(await stateOf(first.desk, run)).toBe("waiting");
  first.desk.see({ ...run, manifest: undefined });
  first.desk.see(run);
  await until("it is published", async () => (await stateOf(first.desk, run)) === "published");
  await first.desk.close();
  const store = await openDestination({ to, name: "home" });
  const pointer = await store.readPointer();
  expect(await first.desk.read(run)).toMatchObject({ name: "home", version: pointer?.version });
  const second = desk({ files, to });
  expect(await stateOf(second.desk, run)).toBe("published");
  second.desk.see(run);
  await second.desk.close();
  expect(await store.readPointer()).toEqual(pointer);
  // Shards that are computed again give another version.
  const again = { ...run, manifest: { ...run.manifest, createdAt: new Date().toISOString() } };
  expect(await stateOf(second.desk, again)).toBe("waiting");
});

it("tries again what fails, and raises an alarm until it is published", async () => {
  const [directory, run] = [tempDir(), await completeRun("home")];
  const to = put(directory, "taken", "a file");
  const { desk: opened, raised, mended } = desk({ to });
  opened.see(run);
  await until("it failed twice", () => raised.length > 1);
  expect(await opened.read(run)).toMatchObject({ state: "failed", name: "home" });
  expect(raised[0]).toMatch(/^Run night-1 is complete but not published: .*taken/);
  rmSync(to);
  await until("it is published", async () => (await stateOf(opened, run)) === "published");
  expect(mended).toEqual(["run_unpublished"]);
  await opened.close();
});

it("leaves runs alone that do not ask for it, and refuses those that cannot be published", async () => {
  const run = await completeRun();
  const { desk: opened } = desk({ to: undefined });
  opened.see(run);
  expect(await opened.read(run)).toBeUndefined();
  opened.assertPossible(undefined);
  expect(refusalOf(() => opened.assertPossible("home")).message).toContain("--publish-to");
  expect(() => publishDestination({ publishMaxRate: "5" }, undefined)).toThrow("is not given");
  expect(() => publishDestination({ publishTo: "x", publishMaxRate: "5 MB" }, undefined)).toThrow(
    "--publish-max-rate 5 MB: give users per second",
  );
  await opened.close();
});
