import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { places, shown } from "./places.mjs";
import { elapsed, nightbeam, nightbeamJson, start, step } from "./run.mjs";
import { DRAFT, draftedLists, FILES, makeWorld, SHOP, shop, WIDTHS } from "./world.mjs";

const SHARD = ["--part-size", "64"];
/** Share of the shards after which a drafter is killed. */
const KILL_AT = 0.3;
const LOOK_MS = 500;
const START_MS = 90_000;
const BAR = 30;

/** The night on a cluster on this machine, with a drafter killed in the middle; its lists are those of one machine. */
export async function clusterNight() {
  for (const program of ["redis-server", "nats-server"]) {
    if (spawnSync(program, ["--version"]).error === undefined) continue;
    console.error(
      `${program} is not installed: apt-get install redis-server nats-server, then run this again.`,
    );
    process.exit(1);
  }
  step(SHOP);
  await makeWorld();
  if (!existsSync(join(places.lists, "manifest.json"))) {
    step("The lists of one machine, to compare with");
    draftedLists();
  }
  for (const place of [places.cluster, places.clusterLists]) {
    rmSync(place, { recursive: true, force: true });
  }

  step("A cluster: Redis, NATS, a scheduler, 2 verifiers, 2 drafters");
  const args = ["--target", places.target, "--catalogue", places.catalogue];
  const port = ["--scheduler-port", "0", "--directory", places.cluster];
  const cluster = start(["cluster", "up", ...args, ...port], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise((resolve) => cluster.once("exit", resolve));
  process.once("SIGINT", () => cluster.kill("SIGINT"));
  try {
    const { scheduler, token } = await ready(cluster);
    console.log(`The page of the night: ${scheduler}/\nIts token:             ${token}`);
    process.env.NIGHTBEAM_SCHEDULER_URL = scheduler;
    process.env.NIGHTBEAM_TOKEN = token;
    await night();
    step("The same lists as one machine's?");
    nightbeam("compare", places.lists, places.clusterLists);
    nightbeam("report", places.clusterLists, "--titles", shop.items, "--against", places.lists);
    if (process.stdout.isTTY) {
      console.log(
        `\nDone in ${elapsed()} s. The page stays at ${scheduler}/ until you press Ctrl-C.`,
      );
      await ended;
    }
  } finally {
    cluster.kill("SIGINT");
    await ended;
  }
  console.log(
    `\nThe report of the cluster's run:\n${shown(join(places.clusterLists, "report.html"))}`,
  );
}

/** Submits the run, kills a drafter in the middle, and waits for the end. */
async function night() {
  step("A night of 2,000 users in shards of 64");
  const out = ["--out", places.clusterLists];
  const { run } = nightbeamJson("submit", ...FILES, ...DRAFT, ...WIDTHS, ...SHARD, ...out);
  let isKilled = false;
  let said = "";
  for (;;) {
    const status = nightbeamJson("status", run.id);
    const { state, users, shards } = status.run ?? status;
    const share = shards === undefined || shards.total === 0 ? 0 : shards.done / shards.total;
    const line = shards === undefined ? "" : progress({ share, shards, users, state });
    if (line !== said) console.log(line);
    said = line;
    if (state === "complete") break;
    if (state === "partial" || state === "refused" || state === "cancelled") {
      console.error(`the run is ${state}`);
      process.exit(1);
    }
    if (!isKilled && share >= KILL_AT) {
      killDrafter();
      isKilled = true;
    }
    await sleep(LOOK_MS);
  }
}

function progress({ share, shards, users, state }) {
  const full = Math.round(share * BAR);
  return `  ${"█".repeat(full)}${"░".repeat(BAR - full)}  ${shards.done}/${shards.total} shards  ${users.done ?? 0} users  ${state}`;
}

function killDrafter() {
  const { processes } = JSON.parse(readFileSync(join(places.cluster, "cluster.json"), "utf8"));
  const drafter = processes.find(({ name, identity }) => name.startsWith("drafter") && identity);
  if (drafter === undefined) return;
  console.log(`  kill -9 ${drafter.identity.pid}   (${drafter.name}, with shards in its hands)`);
  process.kill(drafter.identity.pid, "SIGKILL");
}

/** The cluster's file, once its scheduler serves. */
async function ready(cluster) {
  const path = join(places.cluster, "cluster.json");
  const until = performance.now() + START_MS;
  while (performance.now() < until && cluster.exitCode === null) {
    const file = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
    if (file.scheduler !== undefined) return file;
    await sleep(LOOK_MS);
  }
  throw new Error("the cluster did not start; see its messages above");
}
