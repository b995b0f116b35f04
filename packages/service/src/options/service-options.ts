import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { z } from "zod";
import { oneOf } from "./fields.js";
import type { Flag } from "./flags.js";
import { hostPort } from "./host-port.js";
import { NAMESPACE_FLAG, namespaceField } from "./namespace.js";
import { tlsFields } from "./tls.js";

/** Schema fields of whatever connects to NATS. */
export const controlFields = {
  nats: z.string().optional(),
  natsCreds: z.string().optional(),
  natsNkey: z.string().optional(),
  namespace: namespaceField,
  clusterKey: z.string().min(16, "use at least 16 characters").optional(),
  ...tlsFields,
};

/** Schema fields that all services have. */
export const serviceFields = {
  ...controlFields,
  logLevel: oneOf(["debug", "info", "warn", "error", "silent"]).default("info"),
  logFormat: oneOf(["json", "pretty"]).optional(),
  metricsListen: hostPort({ min: 0, example: 9464 }).optional(),
};

/** The flags of a connection to NATS. @param meaning what NATS is for, or where its address comes from otherwise */
export function natsFlags(meaning: string): readonly Flag[] {
  return [
    { flag: "--nats <url>", meaning, variable: "NIGHTBEAM_NATS_URL", isSecret: true },
    { flag: "--nats-creds <file>", meaning: "credentials for NATS: a .creds file" },
    { flag: "--nats-nkey <file>", meaning: "credentials for NATS: the file of an nkey's seed" },
    {
      flag: "--cluster-key <key>",
      meaning:
        "key that the nodes of this cluster sign their heartbeats with; the same on all nodes",
      isSecret: true,
    },
    NAMESPACE_FLAG,
  ];
}

/** The flags of every service's log. */
export const LOG_FLAGS: readonly Flag[] = [
  { flag: "--log-level <level>", meaning: "debug, info, warn, error or silent (default info)" },
  { flag: "--log-format <kind>", meaning: "json or pretty (default: pretty on a terminal)" },
];

/** The name of a node in listings, logs and NATS subjects. */
export const nodeName = z
  .string()
  .regex(/^[-\w]{1,100}$/, "give up to 100 letters, digits, - and _")
  .optional();

export const NODE_NAME_FLAG: Flag = {
  flag: "--name <name>",
  meaning:
    "this node's name in listings and logs; must be unique (default: host name and a random number)",
};

/** A unique name: the host name and a random number. */
export function freshNodeName(): string {
  const host = hostname().replace(/[^-\w]/g, "-");
  return `${host.slice(0, 80)}-${randomBytes(3).toString("hex")}`;
}

/** The address of the health checks of a service that has no HTTP interface of its own. */
export const healthListen = hostPort({ min: 0, example: 7081 }).optional();

export const HEALTH_FLAG: Flag = {
  flag: "--health-listen <host:port>",
  meaning: "serve /healthz and /readyz over HTTP for probes (default: not served)",
};

export const METRICS_FLAG: Flag = {
  flag: "--metrics-listen <host:port>",
  meaning: "serve /metrics over HTTP for Prometheus (default: not served)",
};
