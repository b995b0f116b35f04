import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { z } from "zod";
import { oneOf } from "./fields.js";
import type { Flag } from "./flags.js";

/** The options that all services have, as keys of their schemas. */
export const serviceFields = {
  nats: z.string().optional(),
  logLevel: oneOf(["debug", "info", "warn", "error", "silent"]).default("info"),
  logFormat: oneOf(["json", "pretty"]).optional(),
};

/** What a service's NATS is for differs; its log is the same everywhere. */
export const LOG_FLAGS: readonly Flag[] = [
  ["--log-level <level>", "debug, info, warn, error or silent (default info)"],
  ["--log-format <kind>", "json, or pretty (default on a terminal)"],
];

/** What a node is called in lists, logs and NATS subjects. */
export const nodeName = z
  .string()
  .regex(/^[-\w]{1,100}$/, "give up to 100 letters, digits, - and _")
  .optional();

export const NODE_NAME_FLAG: Flag = [
  "--name <name>",
  "what it is called in lists and logs; no two may have one (default: host and a random number)",
];

/** A name that no other process has. */
export function freshNodeName(): string {
  const host = hostname().replace(/[^-\w]/g, "-");
  return `${host.slice(0, 80)}-${randomBytes(3).toString("hex")}`;
}
