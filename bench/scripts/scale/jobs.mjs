// What the jobs of a run cost in Redis: time to add them, how long Redis answers nothing else meanwhile, memory, time to
// read them again, which each reconcile pass does, and time to cancel them. Starts a Redis of its own.
//
//   node bench/scripts/scale/jobs.mjs [shards, default 100000]
import { addRun, cancelRun, openQueues, openRedis, repairRun } from "@nightbeam/queue";
import { startRedis } from "@nightbeam/testing/servers";

const count = Number(process.argv[2] ?? 100_000);
const runId = "night-2026-11-03";
const shards = Array.from({ length: count }, (_, index) => ({ index, rows: 250 }));
const run = { runId, location: "s3://lists/nights/2026-11-03" };

const server = await startRedis();
const redis = await openRedis({ url: server.url, role: "producer" });
const watcher = await openRedis({ url: server.url, role: "producer" });
const queues = openQueues({ redis });
try {
  const empty = await usedMemory();
  await step("add", () => addRun(queues, { ...run, shards }));
  const held = (await usedMemory()) - empty;
  console.log(
    `${(held / count / 1e3).toFixed(2)} KB of Redis per shard, ${(held / 1e6).toFixed(0)} MB`,
  );
  await step("reconcile", () => repairRun(queues, { ...run, missing: shards }));
  const indexes = shards.map(({ index }) => index);
  await step("cancel", () => cancelRun(queues, { runId, shards: indexes, now: Date.now() }));
  console.log(`this process: ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB`);
} finally {
  await queues.close();
  redis.disconnect();
  watcher.disconnect();
  await server.stop();
}

async function step(name, work) {
  const before = await commands();
  const started = performance.now();
  const cpu = process.cpuUsage();
  let longest = 0;
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      const asked = performance.now();
      await watcher.ping();
      longest = Math.max(longest, performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  await work();
  isDone = true;
  await watching;
  const { user, system } = process.cpuUsage(cpu);
  const after = await commands();
  console.log(
    `${name.padEnd(10)} ${((performance.now() - started) / 1e3).toFixed(1)} s; ` +
      `Redis ${(after.seconds - before.seconds).toFixed(1)} s of processor, ` +
      `${((after.calls - before.calls) / count).toFixed(1)} commands per shard, ` +
      `no other answer for ${longest.toFixed(0)} ms; this process ${((user + system) / 1e6).toFixed(1)} s`,
  );
}

async function commands() {
  const [stats, cpu] = [await redis.info("commandstats"), await redis.info("cpu")];
  let calls = 0;
  for (const [, one] of stats.matchAll(/calls=(\d+)/g)) calls += Number(one);
  const seconds = ["used_cpu_sys", "used_cpu_user"].reduce((sum, name) => {
    return sum + Number(new RegExp(`^${name}:(.*)$`, "m").exec(cpu)?.[1]);
  }, 0);
  return { calls, seconds };
}

async function usedMemory() {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info("memory"))?.[1]);
}
