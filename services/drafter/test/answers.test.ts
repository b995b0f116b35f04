import {
  type DrafterDeps,
  drafterSchema,
  type RunningDrafter,
  startDrafter,
} from "@nightbeam/drafter";
import { listFaults } from "@nightbeam/queue";
import { finishRun, storeJournal } from "@nightbeam/run";
import { silentLog } from "@nightbeam/service/log";
import { openStore } from "@nightbeam/store";
import { until } from "@nightbeam/testing";
import { listsOf } from "@nightbeam/testing/recommend";
import { afterEach, describe, expect, it } from "vitest";
import { AnsweredShards } from "../src/answers/answered-shards.js";
import { type ModelVerifier, startModelVerifier } from "./support/model-verifier.js";
import { SHARDS, useNight } from "./support/night.js";
import { useQueues } from "./support/queue-world.js";

describe("a drafter with a verifier that lies", () => {
  const world = useQueues();
  const night = useNight();
  const open: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    night().verifier.lie = undefined;
    for (const close of open.splice(0).reverse()) await close();
  });

  const verifier = async (): Promise<ModelVerifier> => {
    const started = await startModelVerifier(night().world);
    open.push(() => started.close());
    return started;
  };
  const start = async (verifiers: readonly ModelVerifier[], options: Record<string, unknown>) => {
    const deps: DrafterDeps = { log: silentLog, timing: { putOffMs: 50, patienceMs: 300 } };
    const settings = {
      redis: world().server.url,
      verifiers: verifiers.map(({ address }) => address).join(),
      ...{ workers: 1, scratch: night().scratch, lockMs: 1_000, graceMs: 0, name: "d1" },
      ...{ logLevel: "silent", ...options },
    };
    const drafter: RunningDrafter = await startDrafter(drafterSchema.parse(settings), deps);
    open.push(() => {
      drafter.drain("the test is over");
      return drafter.finished;
    });
  };
  const listsOfRun = async (name: string) => {
    const run = await night().plan(name);
    await world().add(run);
    const done = async () =>
      (await world().states(run.runId, SHARDS)).every((state) => state === "completed");
    await until("all shards are done", done, 25_000);
    const store = await openStore(run.out);
    const manifest = await finishRun(store);
    const commits = await storeJournal(store).readCommits();
    return { runId: run.runId, lists: await listsOf(run.out), manifest, commits };
  };

  it("asks another one, and reports the answer that no model can give", async () => {
    const honest = await verifier();
    const liar = night().verifier;
    liar.lie = (logProbs) => logProbs.fill(Number.NaN, 0, 1);
    await start([liar, honest], { auditRate: 0 });
    const { lists, commits, manifest } = await listsOfRun("nan");
    expect(lists).toEqual(night().expected);
    expect(commits.map(({ verifiers }) => verifiers?.map(({ name }) => name))).toEqual(
      Array.from({ length: SHARDS }, () => [honest.address]),
    );
    expect(manifest.stats.audits).toBe(0);
    const [fault] = await listFaults(world().queues);
    expect(fault).toMatchObject({ kind: "answers_wrong", node: "d1", subject: liar.address });
    expect(fault?.message).toContain("no model can give");
  });

  it("does shards again whose answers an audit found to differ, without it", async () => {
    const honest = [await verifier(), await verifier()];
    const liar = night().verifier;
    let calls = 0;
    liar.lie = (logProbs) => {
      if (calls++ > 6) logProbs.set([...logProbs.subarray(0, 4)].reverse());
    };
    await start([liar, ...honest], { auditRate: 1 });
    const { lists, commits, manifest } = await listsOfRun("differs");
    expect(lists).toEqual(night().expected);
    expect(manifest.stats.audits).toBeGreaterThan(SHARDS);
    for (const { verifiers = [] } of commits) {
      for (const { calls, audited, firstAt, lastAt, auditedAt = "" } of verifiers) {
        expect(audited).toBe(calls);
        expect(firstAt <= auditedAt && auditedAt <= lastAt).toBe(true);
      }
    }
    const [fault] = await listFaults(world().queues);
    expect(fault).toMatchObject({ kind: "answers_differ", node: "d1", subject: liar.address });
  });
});

it("a message names the shards since the last good audit, and how to do them again", () => {
  const answered = new AnsweredShards();
  const at = (minute: number) => Date.UTC(2026, 10, 27, 3, minute);
  for (let index = 0; index < 9; index++) {
    const lastAt = new Date(at(index)).toISOString();
    const share = { calls: 2, audited: 0, firstAt: lastAt, lastAt };
    const names = index === 5 ? ["v2"] : ["v1", "v2"];
    answered.add(
      { runId: "night", index },
      names.map((name) => ({ name, ...share })),
    );
  }
  const distrust = { kind: "answers_differ", message: "v1 lied.", until: 0 } as const;
  expect(answered.explain({ ...distrust, verifier: "v1", auditedAt: at(2) })).toBe(
    "v1 lied. Its last good audit was 2026-11-27T03:02:00.000Z; since then this drafter used its answers in " +
      "shards 3-4, 6-8 of night. To do all such shards again: " +
      "nightbeam redo night --answered-by v1 --since 2026-11-27T03:02:00.000Z.",
  );
  expect(answered.explain({ ...distrust, verifier: "v1", auditedAt: at(30) })).toBe("v1 lied.");
  expect(answered.explain({ ...distrust, verifier: "v3", auditedAt: undefined })).toBe("v1 lied.");
});
