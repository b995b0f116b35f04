import { z } from "zod";
import { isAddress } from "./address.js";

/** Ids are parts of NATS subjects, in which dots, stars and spaces have a meaning. */
export const nodeIdSchema = z.string().regex(/^[-\w]{1,128}$/, "use letters, digits, - and _ only");

const count = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER);

/** A name or a hash: printed as it is, so it has no characters that mean something to a terminal. */
const word = z.string().regex(/^[-\w.:+]{1,128}$/, "use letters, digits and -_.:+ only");

/** A constant part and a part per token, in milliseconds. */
const costSchema = z.object({ callMs: count, tokenMs: count });

const programSchema = z.object({
  program: z.enum(["tree-scores", "beam-search", "verify-tree"]),
  cost: costSchema.exactOptional(),
  /** Whether prompts are kept between tree calls. Absent: true. */
  keepsPrompts: z.boolean().exactOptional(),
});

/** Programs that this version does not know are left out. */
const programsSchema = z
  .array(z.unknown())
  .max(32)
  .transform((list) => list.flatMap((one) => programSchema.safeParse(one).data ?? []));

const statusSchema = z
  .object({
    role: z.enum(["verifier", "drafter"]),
    id: nodeIdSchema,
    /** host:port of the node's own service; a verifier must have one. */
    address: z.string().refine(isAddress, "write host:port").exactOptional(),
    /** SHA-256 of what the node has loaded, in hex. */
    target: word.exactOptional(),
    catalogue: word.exactOptional(),
    scoring: z.enum(["full", "renormalized"]).exactOptional(),
    precision: word.exactOptional(),
    /** Tokens that are waiting, and tokens that are being computed. */
    waitingTokens: count,
    runningTokens: count,
    /** The measured cost of a tree call. */
    cost: costSchema.exactOptional(),
    /** What a verifier runs its target for, with the measured cost of a call. Absent: tree calls alone. */
    programs: programsSchema.exactOptional(),
    /** The number of verifiers that a drafter was given by address; they may not be announced. */
    namedVerifiers: count.exactOptional(),
    draining: z.boolean(),
    version: z
      .string()
      .regex(/^\d{1,9}(\.\d{1,9}){2}([-+][-\w.+]{1,64})?$/, "write a version such as 1.2.3"),
  })
  .refine(({ role, address }) => role !== "verifier" || address !== undefined, {
    message: "a verifier needs an address",
    path: ["address"],
  });

/** The status that a node sends once per second. */
export type NodeStatus = Readonly<z.infer<typeof statusSchema>>;
export type NodeRole = NodeStatus["role"];

/** A heartbeat, or the message that a node is gone. */
const messageSchema = z.union([z.object({ gone: z.literal(true) }), statusSchema]);
export type NodeMessage = z.infer<typeof messageSchema>;

/** Parses a heartbeat. @returns its content, or why it is rejected */
export function readNodeMessage(
  text: string,
  sender: { readonly role: NodeRole; readonly id: string },
): { readonly message: NodeMessage } | { readonly problem: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: "it is not JSON" };
  }
  const parsed = messageSchema.safeParse(json);
  if (!parsed.success) return { problem: problemOf(statusSchema.safeParse(json).error) };
  const message = parsed.data;
  if (!("gone" in message) && (message.id !== sender.id || message.role !== sender.role)) {
    return { problem: "it names another node than its subject" };
  }
  return { message };
}

/** The first problem of this node's own status, or undefined. */
export function problemOfStatus(status: NodeStatus): string | undefined {
  const parsed = statusSchema.safeParse(status);
  return parsed.success ? undefined : problemOf(parsed.error);
}

function problemOf(error: z.ZodError | undefined): string {
  const first = error?.issues[0];
  if (first === undefined) return "it is not a status";
  return `${first.path.join(".") || "the status"}: ${first.message}`;
}
