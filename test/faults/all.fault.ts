import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { below, seeded } from "@nightbeam/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TestCluster } from "../cluster/support/cluster.js";
import { describeClusters } from "../cluster/support/servers.js";
import {
  drafterFrozen,
  LOCK_MS,
  natsKilled,
  redisEmptied,
  redisKilled,
  redisPaused,
  schedulerKilled,
  silentServer,
  verifierFrozen,
  verifierKilled,
} from "./support/faults.js";
import { type Commit, commitsOf, makeNight, type Night } from "./support/night.js";
import { doneShards, expectExact, isUnderWay, pause, recovery, strike } from "./support/strike.js";

const KILLS = 20;
const SEED = Number(process.env.NIGHTBEAM_FAULT_SEED ?? 1);

describeClusters("a run ends with the lists of one machine, with this fault:", () => {
  let night: Night;
  beforeAll(async () => {
    night = await makeNight();
  }, 300_000);
  afterAll(() => night.remove());

  it("nothing", () => strike(night, { name: "nothing", fault: async () => undefined }), 300_000);

  it(`${KILLS} times SIGKILL of a drafter, at random points from a seed`, async () => {
    const { target, catalogue } = night.world;
    const random = seeded(SEED);
    const cluster = await TestCluster.start({ target, catalogue });
    const killed: number[] = [];
    const commits: Commit[] = [];
    let kills = 0;
    try {
      for (let nights = 0; kills < KILLS; nights++) {
        const out = cluster.out(`night-${nights}`);
        const { run } = await cluster.submit({ ...night.request, out });
        const runId = run.id;
        while (kills < KILLS) {
          await pause(below(random, 1_500));
          const status = await cluster.status(runId);
          if (!isUnderWay(status)) break;
          const drafter = cluster.drafters[below(random, cluster.drafters.length)];
          await drafter?.signal("SIGKILL");
          killed.push(Date.now());
          kills++;
          await drafter?.start();
          await cluster.until(runId, { is: (now) => doneShards(now) > doneShards(status) });
        }
        const ended = await cluster.until(runId);
        expect(ended.state, cluster.logs()).toBe("complete");
        await expectExact(night, out);
        commits.push(...(await commitsOf(out)));
      }
    } finally {
      await cluster.stop();
    }
    console.log(
      `SIGKILL of a drafter, ${kills} times (seed ${SEED}): ${recovery(commits, killed)}`,
    );
  }, 400_000);

  it(
    "SIGKILL of a verifier in the middle of its calls",
    () => strike(night, { name: "SIGKILL of a verifier", fault: verifierKilled }),
    300_000,
  );

  it(
    "SIGKILL of the scheduler",
    () => strike(night, { name: "SIGKILL of the scheduler", fault: schedulerKilled }),
    300_000,
  );

  it(
    "a drafter frozen beyond its lock, then resumed",
    () => strike(night, { name: "SIGSTOP of a drafter", fault: drafterFrozen }),
    300_000,
  );

  it(
    "a verifier frozen for eight seconds",
    () => strike(night, { name: "SIGSTOP of a verifier", fault: verifierFrozen }),
    300_000,
  );

  it(
    "Redis paused beyond the locks",
    () => strike(night, { name: "SIGSTOP of Redis", fault: redisPaused }),
    300_000,
  );

  it(
    "Redis killed and restarted with its append-only file",
    () => strike(night, { name: "SIGKILL of Redis", fault: redisKilled }),
    300_000,
  );

  it(
    "Redis emptied",
    () =>
      strike(night, {
        name: "FLUSHALL",
        fault: redisEmptied,
      }),
    300_000,
  );

  it(
    "NATS killed and not restarted",
    () => strike(night, { name: "SIGKILL of NATS", fault: natsKilled }),
    300_000,
  );

  it("a listed verifier that accepts connections but never answers", async () => {
    const silent = await silentServer();
    try {
      await strike(night, {
        name: "a silent verifier from the start",
        fault: async () => undefined,
        cluster: { staticVerifiers: [silent.address] },
      });
    } finally {
      await silent.close();
    }
  }, 300_000);

  it("a shard that cannot be read: the others finish, it is named, and computed once it is repaired", async () => {
    const { target, catalogue } = night.world;
    const cluster = await TestCluster.start({ target, catalogue, lockMs: LOCK_MS });
    try {
      const out = cluster.out("night");
      const request = { ...night.request, out };
      const { run } = await cluster.submit(request);
      const planned = await cluster.until(run.id, { is: ({ state }) => state !== "planning" });
      const total = planned.shards?.total ?? 0;
      const poison = total - 1;
      const [name = ""] = (await readdir(join(out, "inputs"))).filter((one) =>
        one.startsWith(`part-${String(poison).padStart(5, "0")}.`),
      );
      const input = join(out, "inputs", name);
      const sound = await readFile(input);
      await writeFile(input, "this is no history\n");
      const partial = await cluster.until(run.id);
      expect(partial.state, cluster.logs()).toBe("partial");
      const mark: { missing: { index: number; cause: string }[] } = JSON.parse(
        await readFile(join(out, "partial.json"), "utf8"),
      );
      expect(mark.missing.map(({ index }) => index)).toEqual([poison]);
      expect(mark.missing[0]?.cause).toContain("part-");
      const before = await commitsOf(out);
      expect(before).toHaveLength(total - 1);
      await writeFile(input, sound);
      await cluster.submit(request);
      const complete = await cluster.until(run.id, { is: ({ state }) => state === "complete" });
      expect(complete.state).toBe("complete");
      expect((await commitsOf(out)).length).toBe(total);
      await expectExact(night, out);
    } finally {
      await cluster.stop();
    }
  }, 300_000);
});
