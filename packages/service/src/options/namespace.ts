import { z } from "zod";
import type { Flag } from "./flags.js";

/** The namespace of a cluster that was given none. */
export const DEFAULT_NAMESPACE = "nightbeam";

/**
 * The name of a cluster among those that share a Redis or a NATS. It begins every Redis key and channel, every NATS
 * subject and the bucket, so it has only characters that mean nothing there.
 */
export const namespaceField = z
  .string()
  .regex(
    /^[A-Za-z0-9][-\w]{0,62}$/,
    "give up to 63 letters, digits, - and _, beginning with a letter or digit",
  )
  .default(DEFAULT_NAMESPACE);

export const NAMESPACE_FLAG: Flag = {
  flag: "--namespace <name>",
  meaning: `name of this cluster among those that share Redis or NATS; the same on all nodes (default ${DEFAULT_NAMESPACE})`,
};
