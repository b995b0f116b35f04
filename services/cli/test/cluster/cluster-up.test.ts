import { execFile } from "node:child_process";
import { mkdir, readdir, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { listsIn } from "@nightbeam/testing/recommend";
import { useWorld } from "@nightbeam/testing/world";
import { afterAll, describe, expect, it } from "vitest";
import { type ClusterFile, readClusterFile } from "../../src/cluster/cluster-file.js";
import { isAlive } from "../../src/cluster/process-identity.js";
import { commandIn, RunningCommand, serversAreHere } from "./support/cluster-command.js";

const world = useWorld({ users: 40 });
const here = () => world().path("cluster");
const kept = () => join(here(), ".nightbeam", "cluster");
const running: RunningCommand[] = [];

const PROCESSES = [
  ...["redis", "nats", "scheduler", "verifier-1", "verifier-2"],
  ...["drafter-1", "drafter-2"],
];

async function up(): Promise<RunningCommand> {
  const { target, catalogue } = world();
  const command = new RunningCommand(here(), [
    ...["cluster", "up", "--target", target, "--catalogue", catalogue],
    ...["--scheduler-port", "0", "--workers-per-verifier", "1", "--no-install"],
  ]);
  running.push(command);
  await command.says(/^The cluster is up\./m);
  return command;
}

function file(): ClusterFile {
  const found = readClusterFile(kept());
  if (found === undefined) throw new Error("no cluster runs");
  return found;
}

function processNamed(name: string) {
  return file().processes.find((one) => one.name === name)?.identity ?? { pid: 0, started: "" };
}

/** Asks as a container's health check does. */
async function healthy(script: string, address: string): Promise<void> {
  const path = new URL(`../../../../infra/health/${script}`, import.meta.url);
  await promisify(execFile)(process.execPath, [fileURLToPath(path), address]);
}

/** No process is left, and no port is open. */
async function expectGone({ processes, supervisor, redis, scheduler = "" }: ClusterFile) {
  const identities = processes.flatMap(({ identity }) => identity ?? []);
  expect(identities).toHaveLength(PROCESSES.length);
  expect([supervisor, ...identities].filter(isAlive)).toEqual([]);
  for (const url of [redis, scheduler])
    expect(await listens(Number(new URL(url).port))).toBe(false);
  expect((await readdir(kept())).toSorted()).toEqual(["logs", "nats", "redis", "state", "token"]);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

afterAll(async () => {
  for (const { child, ending } of running) {
    child.kill("SIGTERM");
    child.kill("SIGTERM");
    await ending;
  }
});

// Fourteen processes start here, on machines that do other things as well.
const TIMEOUT_MS = 120_000;

describe.skipIf(!serversAreHere())("nightbeam cluster", { timeout: TIMEOUT_MS }, () => {
  it("starts a cluster, finds it, restarts what dies, and leaves no processes", async () => {
    await mkdir(here());
    const cluster = await up();
    expect((await stat(join(kept(), "cluster.json"))).mode & 0o777).toBe(0o600);
    const first = file();
    expect(cluster.output).not.toContain(first.token);
    expect(first.processes.map(({ name }) => name)).toEqual(PROCESSES);

    const again = await commandIn(here(), "cluster", "up", "--target", "x", "--catalogue", "x");
    expect(again.code).toBe(1);
    expect(again.output).toMatch(/^error: process \d+ keeps a cluster in .* already\./);
    const status = await commandIn(here(), "cluster", "status");
    for (const name of PROCESSES) {
      expect(status.output).toMatch(new RegExp(`^${name} +ready .*logs/${name}\\.log$`, "m"));
    }

    const verifier = first.processes.find(({ name }) => name === "verifier-1")?.address ?? "";
    await healthy("grpc.mjs", verifier);
    await healthy("http.mjs", `${first.scheduler}/healthz`);
    await expect(healthy("grpc.mjs", new URL(first.nats).host)).rejects.toThrow();

    const killed = processNamed("drafter-1");
    process.kill(killed.pid, "SIGKILL");
    await cluster.says(/^drafter-1 exited \(SIGKILL\); restarting it in 0\.5 s\./m);
    await cluster.says(/^drafter-1 is ready again$/m);
    expect(processNamed("drafter-1")).not.toEqual(killed);

    const { target, draft, catalogue, histories } = world();
    const submitted = await commandIn(
      here(),
      "submit",
      "--target",
      target,
      "--draft",
      draft,
      ...[
        ...["--catalogue", catalogue, "--histories", histories],
        ...["--out", "lists", "--part-size", "8", "--draft-width", "12"],
      ],
    );
    const [, runId = ""] = /^run (\S+): 40 users in 5 shards$/m.exec(submitted.output) ?? [];
    expect(runId, submitted.output).not.toBe("");
    const followed = await commandIn(here(), "status", runId, "--follow");
    expect(followed.code, followed.output).toBe(0);
    await listsIn(world(), { out: "alone", draftWidth: "0" });
    const compared = await commandIn(here(), "compare", "lists", world().path("alone"));
    expect(compared.code, compared.output).toBe(0);

    const last = file();
    const down = await commandIn(here(), "cluster", "down");
    expect(down).toEqual({ code: 0, output: "The cluster has stopped.\n" });
    expect(await cluster.ending).toBe(0);
    await expectGone(last);
    expect((await commandIn(here(), "cluster", "status")).code).toBe(1);
  });

  it("takes over the processes of a killed one, and knows its runs", async () => {
    const killed = await up();
    const left = file();
    killed.child.kill("SIGKILL");
    await killed.ending;
    const cluster = await up();
    expect(cluster.output).toContain("ending 7 processes that an earlier cluster left running");
    expect(left.processes.flatMap(({ identity }) => identity ?? []).filter(isAlive)).toEqual([]);
    expect(file().token).toBe(left.token);
    const runs = await commandIn(here(), "runs");
    expect(runs.output).toMatch(/complete +40 +5\/5/);

    const last = file();
    cluster.child.kill("SIGINT");
    expect(await cluster.ending).toBe(0);
    await expectGone(last);
  });
});
