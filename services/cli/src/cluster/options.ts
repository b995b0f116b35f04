import { PRECISIONS } from "@nightbeam/model";
import { namespaceField, oneOf, shareOf, wholeNumber } from "@nightbeam/service";
import { z } from "zod";
import { DEFAULT_DIRECTORY } from "./cluster-file.js";

const port = wholeNumber(0).refine((value) => value <= 65_535, "give a port of 0 (any) to 65535");

/** The options of `nightbeam cluster up`; keys are flags in camelCase. */
export const clusterUpSchema = z.object({
  target: z.string(),
  catalogue: z.string(),
  verifiers: wholeNumber(1).default(2),
  drafters: wholeNumber(1).default(2),
  directory: z.string().default(DEFAULT_DIRECTORY),
  scoring: oneOf(["full", "renormalized"]).default("full"),
  precision: oneOf(PRECISIONS).default("fp32"),
  workersPerVerifier: wholeNumber(1).optional(),
  /** Default: that of drafters, or NIGHTBEAM_AUDIT_RATE. */
  auditRate: shareOf("of the calls to audit").optional(),
  redis: z.string().optional(),
  nats: z.string().optional(),
  namespace: namespaceField,
  /** A directory of `nightbeam certs`. */
  tls: z.string().optional(),
  schedulerPort: port.default(7080),
  logFormat: oneOf(["pretty", "json"]).default("pretty"),
  install: z.boolean().default(true),
});

export type ClusterUpOptions = z.output<typeof clusterUpSchema>;

/** The options of `nightbeam cluster status` and `down`. */
export const clusterDirectorySchema = z.object({
  directory: z.string().default(DEFAULT_DIRECTORY),
});
