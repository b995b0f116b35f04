import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe } from "vitest";
import { freePort } from "./free-port.js";

const SERVER = "nats-server";
const START_LIMIT_MS = 10_000;

/** A nats-server for one test, with a store that survives restarts. */
export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** SIGKILL; the store and the port stay reserved for `restart`. */
  kill(): Promise<void>;
  /** Restarts on the same port with the same store; kills it first if it runs. */
  restart(): Promise<void>;
  /** SIGSTOP: the server keeps its connections but does not answer. */
  pause(): void;
  resume(): void;
  /** Stops it and removes the store. */
  stop(): Promise<void>;
}

export interface NatsServerOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Default: true. */
  readonly jetstream?: boolean;
  /** Further arguments of nats-server. */
  readonly args?: readonly string[];
}

/** Starts nats-server on 127.0.0.1 and waits until it answers. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const port = options.port ?? (await freePort());
  const store = mkdtempSync(join(tmpdir(), "nightbeam-nats-"));
  const args = ["-a", "127.0.0.1", "-p", String(port), ...(options.args ?? [])];
  if (options.jetstream !== false) args.push("-js", "-sd", store);
  let child: ChildProcess | undefined;

  const kill = async () => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGKILL");
    await ended;
  };
  const start = async () => {
    const started = spawn(SERVER, args, { stdio: "ignore" });
    child = started;
    const killed = () => started.kill("SIGKILL");
    process.once("exit", killed);
    started.once("exit", () => process.off("exit", killed));
    let failure: Error | undefined;
    started.once("error", (error) => {
      failure = error;
    });
    const deadline = Date.now() + START_LIMIT_MS;
    while (!(await greets(port))) {
      if (failure !== undefined) throw failure;
      if (started.exitCode !== null) throw new Error(`nats-server ended: ${started.exitCode}`);
      if (Date.now() > deadline) throw new Error(`nats-server does not answer on ${port}`);
      await sleep(20);
    }
  };

  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    kill,
    restart: async () => {
      await kill();
      await start();
    },
    pause: () => child?.kill("SIGSTOP"),
    resume: () => child?.kill("SIGCONT"),
    stop: async () => {
      await kill();
      rmSync(store, { recursive: true, force: true });
    },
  };
}

/**
 * Whether tests with NATS can run. Without nats-server they are skipped with a message;
 * NIGHTBEAM_REQUIRED=1 makes its absence a failure.
 */
export function natsIsHere(): boolean {
  const { error } = spawnSync(SERVER, ["--version"], { stdio: "ignore" });
  if (error === undefined) return true;
  if (process.env.NIGHTBEAM_REQUIRED === "1") throw error;
  console.warn("nats-server is not on the PATH: its tests are skipped");
  return false;
}

/** `describe` for tests that need nats-server. */
export function describeWithNats(name: string, tests: () => void): void {
  describe.skipIf(!natsIsHere())(name, tests);
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const finish = (greeted: boolean) => {
      socket.destroy();
      resolve(greeted);
    };
    socket.once("data", () => finish(true));
    socket.once("error", () => finish(false));
    socket.once("close", () => finish(false));
  });
}
