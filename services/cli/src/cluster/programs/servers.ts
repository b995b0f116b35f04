import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@nightbeam/service";
import { type CertificateFiles, certificateFiles } from "../../certs/certificates.js";
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
  /** A directory of `nightbeam certs`, whose certificates started servers use and require. */
  readonly tls: string | undefined;
  readonly install: boolean;
  readonly say: (line: string) => void;
}

/** Redis may take long to load a large append-only file. */
const READY_WITHIN_MS = 60_000;
const GRACE_MS = 30_000;

/** Prepares the servers of a cluster. @throws UsageError BAD_OPTION if a binary is missing */
export async function servers(options: ServersOptions): Promise<Servers> {
  const { redis, nats, directory, tls } = options;
  const certificates = tls === undefined ? undefined : certificateFiles(tls);
  const own: SystemBinary[] = [
    ...(redis === undefined ? ["redis-server" as const] : []),
    ...(nats === undefined ? ["nats-server" as const] : []),
  ];
  const binaries = requireBinaries(own, options);
  const start = async (name: SystemBinary, program: typeof redisServer) => {
    const data = join(directory, name === "redis-server" ? "redis" : "nats");
    mkdirSync(data, { recursive: true, mode: 0o700 });
    const command = binaries.get(name) ?? name;
    const logs = join(directory, "logs");
    return program({ command, data, port: await freePort(), logs, certificates });
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
  readonly certificates: CertificateFiles | undefined;
}

/** If the machine crashes, the last second of writes may be lost. The scheduler restores the queue. */
function redisServer({ command, data, port, logs, certificates }: ServerPlace): Program {
  return {
    name: "redis",
    command,
    args: [
      ...["--bind", "127.0.0.1", "--dir", data, "--daemonize", "no"],
      ...redisPort(port, certificates),
      ...["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""],
      ...["--maxmemory-policy", "noeviction", "--loglevel", "notice"],
    ],
    env: process.env,
    log: join(logs, "redis.log"),
    ready: /ready to accept connections/i,
    readyWithinMs: READY_WITHIN_MS,
    graceMs: GRACE_MS,
    address: `${certificates === undefined ? "redis" : "rediss"}://127.0.0.1:${port}`,
  };
}

function natsServer({ command, data, port, logs, certificates }: ServerPlace): Program {
  return {
    name: "nats",
    command,
    args: ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", data, ...natsTls(certificates)],
    env: process.env,
    log: join(logs, "nats.log"),
    ready: /Server is ready/,
    readyWithinMs: READY_WITHIN_MS,
    graceMs: GRACE_MS,
    address: `${certificates === undefined ? "nats" : "tls"}://127.0.0.1:${port}`,
  };
}

function redisPort(port: number, certificates: CertificateFiles | undefined): string[] {
  if (certificates === undefined) return ["--port", String(port)];
  const { cert, key } = certificates.of("redis");
  return [
    ...["--port", "0", "--tls-port", String(port), "--tls-cert-file", cert],
    ...["--tls-key-file", key, "--tls-ca-cert-file", certificates.ca],
  ];
}

function natsTls(certificates: CertificateFiles | undefined): string[] {
  if (certificates === undefined) return [];
  const { cert, key } = certificates.of("nats");
  return [
    "--tls",
    "--tlscert",
    cert,
    "--tlskey",
    key,
    "--tlscacert",
    certificates.ca,
    "--tlsverify",
  ];
}
