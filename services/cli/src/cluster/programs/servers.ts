import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Program } from "../supervision/program.js";
import { requireBinaries, type SystemBinary } from "./binaries.js";

/** The addresses of Redis and NATS, and the programs to start. */
export interface Servers {
  readonly redis: string;
  readonly nats: string;
  readonly programs: readonly Program[];
}

export interface ServersOptions {
  /** Existing servers; undefined ones are started. */
  readonly redis: string | undefined;
  readonly nats: string | undefined;
  readonly directory: string;
  readonly install: boolean;
  readonly say: (line: string) => void;
}

/** Redis may take long to load a large append-only file. */
const READY_WITHIN_MS = 60_000;
const GRACE_MS = 30_000;

/** Prepares the servers of a cluster. @throws UsageError BAD_OPTION if a binary is missing */
export async function servers(options: ServersOptions): Promise<Servers> {
  const { redis, nats, directory } = options;
  const own: SystemBinary[] = [
    ...(redis === undefined ? ["redis-server" as const] : []),
    ...(nats === undefined ? ["nats-server" as const] : []),
  ];
  const binaries = requireBinaries(own, options);
  const start = async (name: SystemBinary, program: typeof redisServer) => {
    const data = join(directory, name === "redis-server" ? "redis" : "nats");
    mkdirSync(data, { recursive: true, mode: 0o700 });
    const command = binaries.get(name) ?? name;
    return program({ command, data, port: await freePort(), logs: join(directory, "logs") });
  };
  const started = await Promise.all([
    ...(redis === undefined ? [start("redis-server", redisServer)] : []),
    ...(nats === undefined ? [start("nats-server", natsServer)] : []),
  ]);
  const addressOf = (name: string) =>
    started.find((program) => program.name === name)?.address ?? "";
  return {
    redis: redis ?? addressOf("redis"),
    nats: nats ?? addressOf("nats"),
    programs: started,
  };
}

interface ServerPlace {
  readonly command: string;
  readonly data: string;
  readonly port: number;
  readonly logs: string;
}

/** If the machine crashes, the last second of writes may be lost. The scheduler restores the queue. */
function redisServer({ command, data, port, logs }: ServerPlace): Program {
  return {
    name: "redis",
    command,
    args: [
      ...["--bind", "127.0.0.1", "--port", String(port), "--dir", data, "--daemonize", "no"],
      ...["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""],
      ...["--maxmemory-policy", "noeviction", "--loglevel", "notice"],
    ],
    env: process.env,
    log: join(logs, "redis.log"),
    ready: /ready to accept connections/i,
    readyWithinMs: READY_WITHIN_MS,
    graceMs: GRACE_MS,
    address: `redis://127.0.0.1:${port}`,
  };
}

function natsServer({ command, data, port, logs }: ServerPlace): Program {
  return {
    name: "nats",
    command,
    args: ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", data],
    env: process.env,
    log: join(logs, "nats.log"),
    ready: /Server is ready/,
    readyWithinMs: READY_WITHIN_MS,
    graceMs: GRACE_MS,
    address: `nats://127.0.0.1:${port}`,
  };
}

/** A port of this machine that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
