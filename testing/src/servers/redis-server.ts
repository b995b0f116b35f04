import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "./free-port.js";

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Of the running process; undefined if there is none. */
  readonly pid: number | undefined;
  /** SIGKILL; written data stays for `restart`. */
  kill(): Promise<void>;
  /** Starts it again on the same port with its data. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Stops it and removes its directory. */
  stop(): Promise<void>;
}

export interface StartRedisOptions {
  readonly port?: number;
  /**
   * Makes it a node of a cluster, with this port for the cluster's bus: its default, 10,000 above its own port, may be
   * an outgoing connection's. Default: no cluster.
   */
  readonly busPort?: number;
  /** Appended to the default arguments: append-only file, no eviction, DEBUG allowed. */
  readonly args?: readonly string[];
}

/**
 * Whether tests with Redis can run. Without redis-server they are skipped with a message, or fail
 * if NIGHTBEAM_REQUIRED=1.
 */
export function redisIsHere(): boolean {
  const here = spawnSync("redis-server", ["--version"]).status === 0;
  if (here) return true;
  const message = "redis-server is not installed";
  if (process.env.NIGHTBEAM_REQUIRED === "1") throw new Error(message);
  console.warn(`${message}: its tests are skipped`);
  return false;
}

/** Starts a Redis for one test on a free port. */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const directory = await mkdtemp(join(tmpdir(), "nightbeam-redis-"));
  const args = [
    ...["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""],
    ...["--appendonly", "yes", "--maxmemory-policy", "noeviction"],
    ...["--enable-debug-command", "yes", "--loglevel", "warning"],
    ...(options.busPort === undefined
      ? []
      : ["--cluster-enabled", "yes", "--cluster-port", String(options.busPort)]),
    ...(options.args ?? []),
  ];
  let server = await launch(args, port);
  const kill = async () => {
    if (server === undefined) return;
    const gone = exited(server);
    server.kill("SIGKILL");
    await gone;
    server = undefined;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return server?.pid;
    },
    kill,
    restart: async () => {
      await kill();
      server = await launch(args, port);
    },
    pause: () => void server?.kill("SIGSTOP"),
    resume: () => void server?.kill("SIGCONT"),
    stop: async () => {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function launch(args: readonly string[], port: number): Promise<ChildProcess | undefined> {
  const server = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  server.stdout?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000);
  });
  const probe = new Redis(port, "127.0.0.1", { retryStrategy: () => 20, lazyConnect: true });
  probe.on("error", () => undefined);
  try {
    await Promise.race([
      new Promise((resolve) =>
        probe
          .once("ready", resolve)
          .connect()
          .catch(() => undefined),
      ),
      exited(server).then(() => Promise.reject(new Error(`redis-server ended: ${said}`))),
      rejectAfter(10_000, () => `redis-server is not ready: ${said}`),
    ]);
  } catch (error) {
    server.kill("SIGKILL");
    throw error;
  } finally {
    probe.disconnect();
  }
  return server;
}

function exited(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) resolve();
    else server.once("exit", () => resolve());
  });
}

function rejectAfter(ms: number, message: () => string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(message())), ms).unref();
  });
}
