import { z } from "zod";
import { isAddress } from "./address.js";

/** Ids stand in NATS subjects, where dots, stars and blanks have a meaning. */
export const nodeIdSchema = z.string().regex(/^[-\w]{1,128}$/, "use letters, digits, - and _ only");

const count = z.number().nonnegative();

const statusSchema = z
  .object({
    role: z.enum(["verifier", "drafter"]),
    id: nodeIdSchema,
    /** host:port of the node's own service; a verifier must have one. */
    address: z.string().refine(isAddress, "write host:port").exactOptional(),
    /** SHA-256 of what the node has loaded, in hex. */
    target: z.string().exactOptional(),
    catalogue: z.string().exactOptional(),
    scoring: z.enum(["full", "renormalized"]).exactOptional(),
    precision: z.string().exactOptional(),
    /** Tokens of users that wait, and of those that are being computed. */
    waitingTokens: count,
    runningTokens: count,
    /** What a call costs as measured: a share of its own and a share a token. */
    cost: z.object({ callMs: count, tokenMs: count }).exactOptional(),
    /** Verifiers that a drafter was given by name; they may be announced nowhere. */
    namedVerifiers: count.exactOptional(),
    draining: z.boolean(),
    version: z.string().regex(/^\d+\.\d+\.\d+/, "write a version such as 1.2.3"),
  })
  .refine(({ role, address }) => role !== "verifier" || address !== undefined, {
    message: "a verifier needs an address",
    path: ["address"],
  });

/** What a node says about itself once a second. */
export type NodeStatus = Readonly<z.infer<typeof statusSchema>>;
export type NodeRole = NodeStatus["role"];

/** A heartbeat, or a node's last word. */
const messageSchema = z.union([z.object({ gone: z.literal(true) }), statusSchema]);
export type NodeMessage = z.infer<typeof messageSchema>;

/** Reads a heartbeat, from whoever sent it. @returns what it says, or why it is not to be believed */
export function readNodeMessage(
  text: string,
  sender: { readonly role: NodeRole; readonly id: string },
): { readonly message: NodeMessage } | { readonly problem: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: "it is no JSON" };
  }
  const parsed = messageSchema.safeParse(json);
  if (!parsed.success) return { problem: problemOf(statusSchema.safeParse(json).error) };
  const message = parsed.data;
  if (!("gone" in message) && (message.id !== sender.id || message.role !== sender.role)) {
    return { problem: "it speaks for another node" };
  }
  return { message };
}

/** The first thing that is wrong with an own status, or undefined. */
export function problemOfStatus(status: NodeStatus): string | undefined {
  const parsed = statusSchema.safeParse(status);
  return parsed.success ? undefined : problemOf(parsed.error);
}

function problemOf(error: z.ZodError | undefined): string {
  const first = error?.issues[0];
  if (first === undefined) return "it is no status";
  return `${first.path.join(".") || "the status"}: ${first.message}`;
}
