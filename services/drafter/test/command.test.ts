import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { until as untilWithin } from "@nightbeam/testing";
import { startRedis } from "@nightbeam/testing/servers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { useNight } from "./support/night.js";
import { useQueues } from "./support/queue-world.js";

const MAIN = fileURLToPath(new URL("./support/drafter-main.mjs", import.meta.url));

/** A busy machine takes its time to start processes. */
const until = (what: string, done: () => boolean) => untilWithin(what, done, 25_000);

describe("nightbeam drafter", () => {
  const world = useQueues();
  const night = useNight();
  const children: ChildProcess[] = [];
  beforeEach(() => {
    night().verifier.hold = true;
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  const start = async (flags: readonly string[], env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, [MAIN, ...flags, "--workers", "1"], {
      env: { ...process.env, NIGHTBEAM_LOG_LEVEL: "warn", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    const output = { out: "", error: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output.out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output.error += text;
    });
    const exit = once(child, "exit").then(([code]: unknown[]) => code);
    return { child, output, exit };
  };
  const underWay = async (flags: readonly string[]) => {
    const { verifier, scratch } = night();
    const before = verifier.calls.length;
    const started = await start([...flags, "--scratch", scratch, "--name", "one"], {
      NIGHTBEAM_REDIS_URL: world().server.url,
      NIGHTBEAM_VERIFIERS: verifier.address,
    });
    await until("ready", () => started.output.out.includes("\n"));
    expect(started.output.out).toBe("drafter ready: one takes 2 shards at a time\n");
    await until("calls are in progress", () => verifier.calls.length > before);
    return started;
  };

  it("hands shards back that are not done within the grace, and exits with 0", async () => {
    const run = await night().plan("handed-back");
    await world().add(run);
    const { child, exit, output } = await underWay(["--grace-ms", "50"]);
    child.kill("SIGTERM");
    expect(await exit, output.error).toBe(0);
    const states = await world().states(run.runId, run.shards);
    expect(states.filter((state) => state !== "waiting" && state !== "delayed")).toEqual([]);
    const calls = night().verifier.calls;
    await until("calls are cancelled", () => calls.every(({ signal }) => signal.aborted));
  });

  it("exits at once at the second signal", async () => {
    await world().add(await night().plan("twice"));
    const { child, exit } = await underWay(["--grace-ms", "20000"]);
    child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGINT");
    expect(await exit).toBe(130);
  });

  it("refuses a Redis that may throw jobs away", async () => {
    const unsafe = await startRedis({ args: ["--maxmemory-policy", "allkeys-lru"] });
    try {
      const { exit, output } = await start(["--redis", unsafe.url, "--verifiers", "127.0.0.1:1"]);
      expect(await exit).not.toBe(0);
      expect(output.error).toContain("noeviction");
      expect(output.out).toBe("");
    } finally {
      await unsafe.stop();
    }
  });
});
