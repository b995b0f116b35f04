import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AlarmEvent } from "@nightbeam/api";
import { silentLog } from "@nightbeam/service/log";
import { openStore } from "@nightbeam/store";
import { afterAll, describe, expect, it } from "vitest";
import { type Alarms, openAlarms } from "../../src/alarms/alarms.js";
import type { StateFiles } from "../../src/state/documents.js";
import { stateFiles } from "../../src/state/state-files.js";
import { memoryFiles } from "../support/memory-files.js";

const stalled = { kind: "run_stalled", runId: "r-1", message: "Run r-1 stands still." } as const;
const partial = { kind: "run_partial", runId: "r-1", message: "Run r-1 is partial." } as const;

describe("alarms", () => {
  it("stand until they are mended, whatever their message becomes, and are then raised anew", async () => {
    const { open, sent, forget } = schedulers();
    const alarms = open();
    for (const message of ["no drafter", "no drafter", "Redis refuses"]) {
      alarms.raise({ ...stalled, message });
    }
    expect(await alarms.list()).toMatchObject([{ kind: "run_stalled", message: "Redis refuses" }]);
    expect(sent).toMatchObject([{ event: "raised", message: "no drafter" }]);
    alarms.mend({ kind: "run_stalled", runId: "r-2" });
    expect(await alarms.list()).toHaveLength(1);
    alarms.mend({ kind: "run_stalled" });
    alarms.mend({ kind: "run_stalled" });
    expect(await alarms.list()).toEqual([]);
    const [raised, cleared] = sent;
    expect(cleared).toMatchObject({ event: "cleared", id: raised?.id, message: "Redis refuses" });
    alarms.raise(stalled);
    await alarms.settled();
    forget();
    const later = open();
    later.raise(stalled);
    expect(await later.list()).toHaveLength(1);
    expect(sent.map(({ event }) => event)).toEqual(["raised", "cleared", "raised"]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
  });

  it.each([
    ["memory", async () => memoryFiles(), 20],
    ["a directory", directoryFiles, 2],
  ] as const)(
    "in %s are told once, however many schedulers work at once",
    async (_, make, rounds) => {
      const { open, sent } = schedulers(await make());
      const all = [open(), open(), open()];
      for (let round = 0; round < rounds; round++) {
        for (const one of all) one.raise(stalled);
        for (const [at, one] of all.entries()) one.raise({ ...partial, subject: `${at}` });
        await settled(all);
        for (const one of all) expect(await one.list()).toHaveLength(4);
        for (const one of all) one.drop("r-1");
        await settled(all);
        for (const one of all) expect(await one.list()).toEqual([]);
      }
      const events = sent.map(({ id, event }) => `${id} ${event}`);
      expect(new Set(events).size).toBe(events.length);
      expect(events).toHaveLength(rounds * 4 * 2);
    },
  );

  it("are raised again although another scheduler cleared them a moment ago", async () => {
    const { open, sent } = schedulers();
    const [one, other] = [open(), open()];
    one.raise(partial);
    await one.settled();
    other.drop("r-1");
    await other.settled();
    one.raise(partial);
    expect(await other.list()).toEqual([]);
    await one.settled();
    expect(await other.list()).toHaveLength(1);
    expect(sent.map(({ event }) => event)).toEqual(["raised", "cleared", "raised"]);
  });

  it("that a user removes are quiet until their problem has ended", async () => {
    const { open, sent } = schedulers();
    const [one, other] = [open(), open()];
    one.raise(stalled);
    await one.settled();
    await other.clear();
    one.raise(stalled);
    expect(await one.list()).toEqual([]);
    expect(sent.map(({ event }) => event)).toEqual(["raised", "cleared"]);
    other.mend({ runId: "r-1" });
    await other.settled();
    one.raise(stalled);
    expect(await one.list()).toHaveLength(1);
    expect(sent.map(({ event }) => event)).toEqual(["raised", "cleared", "raised"]);
  });

  it("are sent although the state store fails, stored when it is back, and cleared then", async () => {
    const { open, sent, files } = schedulers();
    const one = open();
    files.fails = true;
    one.raise({ kind: "store_failing", subject: "memory", message: "The store is full." });
    one.mend({ kind: "run_stalled" });
    await one.settled();
    expect(sent).toHaveLength(1);
    expect(await one.list()).toHaveLength(1);
    files.fails = false;
    await one.list();
    expect(await open().list()).toMatchObject([{ kind: "store_failing" }]);
    files.fails = true;
    one.drop("r-1");
    one.mend({ kind: "store_failing" });
    await one.settled();
    files.fails = false;
    expect(await one.list()).toEqual([]);
    expect(sent.map(({ event }) => event)).toEqual(["raised", "cleared"]);
  });

  it("that were not delivered are sent by another scheduler after a while", async () => {
    const { open, sent, pass, files } = schedulers();
    const dying = openAlarms({
      ...{ files, log: silentLog, clock: { now: () => 0 } },
      outbox: { send: () => undefined, isSending: () => true },
    });
    dying.raise(stalled);
    await dying.settled();
    const other = open();
    await other.list();
    expect(sent).toEqual([]);
    pass(180_000);
    await other.list();
    pass(180_000);
    await other.list();
    expect(sent).toMatchObject([{ event: "raised", kind: "run_stalled" }]);
  });
});

const directories: string[] = [];
afterAll(async () => {
  for (const one of directories) await rm(one, { recursive: true });
});

async function directoryFiles(): Promise<StateFiles & { fails: boolean }> {
  const directory = await mkdtemp(join(tmpdir(), "nightbeam-alarms-"));
  directories.push(directory);
  return { ...stateFiles(await openStore(directory)), fails: false };
}

/** Schedulers with the same state, whose outbox delivers at once. */
function schedulers(given: StateFiles & { fails: boolean } = memoryFiles()) {
  const sent: AlarmEvent[] = [];
  let now = 0;
  const open = (): Alarms =>
    openAlarms({
      files: given,
      log: silentLog,
      clock: { now: () => 1_800_000_000_000 + now },
      elapsed: () => now,
      outbox: {
        send: (event, { onSent }) => {
          sent.push(event);
          onSent();
        },
        isSending: () => false,
      },
    });
  const pass = (ms: number) => {
    now += ms;
  };
  return { open, sent, files: given, pass, forget: () => pass(10_000) };
}

async function settled(all: readonly Alarms[]): Promise<void> {
  await Promise.all(all.map((one) => one.settled()));
}
