import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "../supervision/program.js";
import { requireBinaries, type SystemBinary } from "./binaries.js";
import { freePort } from "./free-port.js";

/** Redis and NATS of a cluster: where they are, and what has to be started for it. */
export interface Servers {
  readonly redis: string;
  readonly nats: string;
  readonly programs: readonly Program[];
}

export interface ServersOptions {
  /** Servers that run already; what is missing is started. */
  readonly redis: string | undefined;
  readonly nats: string | undefined;
  readonly directory: string;
  readonly install: boolean;
  readonly say: (line: string) => void;
}

/** An append-only file of a long night takes its time to load. */
const READY_WITHIN_MS = 60_000;
const GRACE_MS = 30_000;

/** @throws UsageError BAD_OPTION where a binary is missing */
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

/** A second of acknowledged writes is what a crash of the machine may cost, and the queue grows back. */
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
