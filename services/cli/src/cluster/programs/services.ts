import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import {
  type CertificateFiles,
  type CertificateOwner,
  certificateFiles,
} from "../../certs/certificates.js";
import type { ClusterUpOptions } from "../options.js";
import type { Program } from "../supervision/program.js";
import type { OwnCommand } from "./own-command.js";

export interface ServicesOptions {
  readonly options: ClusterUpOptions;
  /** Absolute. */
  readonly directory: string;
  readonly own: OwnCommand;
  readonly redis: string;
  readonly nats: string;
  readonly token: string;
  /** The environment of this command. */
  readonly env: NodeJS.ProcessEnv;
}

/** Longer than the grace time of the services, 30 s, after which they exit by themselves. */
const GRACE_MS = 45_000;
const READY_WITHIN_MS = 60_000;
/** A verifier loads and measures its model before it is ready. */
const MODEL_READY_WITHIN_MS = 600_000;
/** Shorter than the default, which is made for networks: on one machine, a dead drafter is noticed sooner. */
const LOCK_MS = "10000";

/** Variables that several processes must not share. */
const PRIVATE_VARIABLES = [
  "NIGHTBEAM_ADVERTISE",
  "NIGHTBEAM_LISTEN",
  "NIGHTBEAM_NAME",
  "NIGHTBEAM_SCHEDULER_URL",
  "NIGHTBEAM_VERIFIERS",
];

/**
 * The scheduler, verifiers and drafters of a cluster on one machine, in groups. They are stopped in reverse order:
 * drafters first, while there are verifiers to answer them.
 */
export function services(cluster: ServicesOptions): Program[][] {
  const { options } = cluster;
  const cores = availableParallelism();
  const workers = options.workersPerVerifier ?? Math.max(1, Math.floor(cores / options.verifiers));
  const model = [
    ...["--target", resolve(options.target), "--catalogue", resolve(options.catalogue)],
    ...["--scoring", options.scoring, "--precision", options.precision],
    ...["--workers", String(workers), "--listen", "127.0.0.1:0"],
  ];
  return [
    [
      program("scheduler", {
        cluster,
        role: "scheduler",
        args: [
          ...["scheduler", "--listen", `127.0.0.1:${options.schedulerPort}`],
          ...["--state", join(cluster.directory, "state")],
        ],
        ready: /^scheduler ready\b.*?(https?:\/\/\S+)/m,
      }),
    ],
    numbered("verifier", options.verifiers).map((name) =>
      program(name, {
        cluster,
        role: "verifier",
        args: ["verifier", ...model, "--name", name],
        ready: /^verifier ready\b.*?(\S+:\d+)/m,
        readyWithinMs: MODEL_READY_WITHIN_MS,
      }),
    ),
    numbered("drafter", options.drafters).map((name) =>
      program(name, {
        cluster,
        role: "drafter",
        args: ["drafter", "--name", name, ...drafterWorkers(cluster, cores), ...auditing(options)],
        ready: /^drafter ready\b/m,
      }),
    ),
  ];
}

/** Drafts share the cores with the verifiers: they get half of them, unless NIGHTBEAM_WORKERS is set. */
function drafterWorkers({ env, options }: ServicesOptions, cores: number): string[] {
  if (env.NIGHTBEAM_WORKERS !== undefined) return [];
  return ["--workers", String(Math.max(1, Math.floor(cores / 2 / options.drafters)))];
}

function auditing({ auditRate }: ClusterUpOptions): string[] {
  return auditRate === undefined ? [] : ["--audit-rate", String(auditRate)];
}

function program(
  name: string,
  service: {
    readonly cluster: ServicesOptions;
    readonly role: "scheduler" | "verifier" | "drafter";
    readonly args: readonly string[];
    readonly ready: RegExp;
    readonly readyWithinMs?: number;
  },
): Program {
  const { own, directory } = service.cluster;
  return {
    name,
    command: own.command,
    args: [...own.args, ...service.args],
    env: environment(service.cluster, service.role),
    log: join(directory, "logs", `${name}.log`),
    ready: service.ready,
    readyWithinMs: service.readyWithinMs ?? READY_WITHIN_MS,
    graceMs: GRACE_MS,
  };
}

/** Secrets and addresses are passed as variables, which process lists do not show. */
function environment(
  { own, redis, nats, token, env, options }: ServicesOptions,
  role: CertificateOwner,
) {
  const set = {
    NIGHTBEAM_REDIS_URL: redis,
    NIGHTBEAM_NATS_URL: nats,
    NIGHTBEAM_NAMESPACE: options.namespace,
    NIGHTBEAM_TOKEN: token,
    NIGHTBEAM_LOG_FORMAT: options.logFormat,
  };
  const tls = options.tls === undefined ? {} : tlsVariables(certificateFiles(options.tls), role);
  // A variable and its file cannot both be set.
  const unset = [...PRIVATE_VARIABLES, ...Object.keys(set).map((name) => `${name}_FILE`)];
  if (options.tls !== undefined) unset.push("NIGHTBEAM_CLUSTER_KEY");
  const shared = Object.entries(env).filter(([name]) => !unset.includes(name));
  return { NIGHTBEAM_LOCK_MS: LOCK_MS, ...Object.fromEntries(shared), ...own.env, ...set, ...tls };
}

function tlsVariables({ ca, clusterKey, of }: CertificateFiles, role: CertificateOwner) {
  const { cert, key } = of(role);
  return {
    NIGHTBEAM_TLS_CA: ca,
    NIGHTBEAM_TLS_CERT: cert,
    NIGHTBEAM_TLS_KEY: key,
    NIGHTBEAM_CLUSTER_KEY_FILE: clusterKey,
  };
}

function numbered(role: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${role}-${at + 1}`);
}
