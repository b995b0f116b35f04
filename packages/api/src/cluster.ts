import { z } from "zod";
import { runStateSchema } from "./runs.js";

const count = z.number().min(0);
const time = z.iso.datetime();

export const nightStatusSchema = z.object({
  cron: z.string(),
  timeZone: z.string(),
  missed: z.enum(["run", "skip"]),
  /** The time of day by which its runs must be complete. */
  due: z.string().exactOptional(),
  request: z.looseObject({ out: z.string() }),
  name: z.string(),
  putAt: time,
  /** When it starts next. Undefined if its timetable has no more dates. */
  nextAt: time.exactOptional(),
  /** The local date of the last night that was started or skipped. */
  lastDate: z.string().exactOptional(),
  /** The run of that date, unless the night was skipped. */
  lastRun: z.object({ id: z.string(), state: runStateSchema }).exactOptional(),
});

export type NightStatus = Readonly<z.infer<typeof nightStatusSchema>>;

/** What cannot be read, by its name. */
const unreadable = z.array(z.object({ name: z.string(), reason: z.string() }));

export type Unreadable = Readonly<z.infer<typeof unreadable>[number]>;

export const nightListSchema = z.object({ nights: z.array(nightStatusSchema), unreadable });

export type NightList = Readonly<z.infer<typeof nightListSchema>>;

export const rolloutStatusSchema = z.object({
  target: z.string(),
  draft: z.array(z.string()),
  catalogue: z.string(),
  name: z.string(),
  setAt: time,
  /** Whether it was announced over NATS. */
  announced: z.boolean(),
});

export type RolloutStatus = Readonly<z.infer<typeof rolloutStatusSchema>>;

export const rolloutListSchema = z.object({ rollouts: z.array(rolloutStatusSchema), unreadable });

export type RolloutList = Readonly<z.infer<typeof rolloutListSchema>>;

export const alarmSchema = z.object({
  /** The same in every message about this alarm. */
  id: z.string(),
  /** One of `ALARM_KINDS`, for programs. A newer scheduler may have further kinds. */
  kind: z.string(),
  /** When it was raised. */
  at: time,
  message: z.string(),
  runId: z.string().exactOptional(),
  night: z.string().exactOptional(),
  /** What else it is about: a node, a verifier, the location of a store or a date. */
  subject: z.string().exactOptional(),
  /** The node that reported it; others may have as well. */
  node: z.string().exactOptional(),
});

export type Alarm = Readonly<z.infer<typeof alarmSchema>>;

/**
 * What the webhook is sent: an alarm that was raised, or one that was cleared.
 *
 * @public for receivers of the webhook
 */
export type AlarmEvent = Alarm & { readonly event: "raised" | "cleared" };

export const alarmListSchema = z.object({ alarms: z.array(alarmSchema) });

/** The measured cost of a call in milliseconds: a constant part, and a part per token. */
const costLine = z.object({ callMs: count, tokenMs: count });

const node = z.object({
  id: z.string(),
  address: z.string().exactOptional(),
  /** SHA-256 of the target and the catalogue that it has loaded. */
  target: z.string().exactOptional(),
  catalogue: z.string().exactOptional(),
  scoring: z.string().exactOptional(),
  precision: z.string().exactOptional(),
  /** The cost of a tree call. */
  cost: costLine.exactOptional(),
  /** What a verifier runs its target for. */
  programs: z
    .array(z.object({ program: z.string(), cost: costLine.exactOptional() }))
    .exactOptional(),
  waitingTokens: count,
  runningTokens: count,
  draining: z.boolean(),
  /** No heartbeat came for two seconds; after five the node is gone. */
  silent: z.literal(true).exactOptional(),
  version: z.string(),
});

export const nodesSchema = z.object({
  /** False without a connection to NATS: then the lists are the last known ones, or empty. */
  connected: z.boolean(),
  verifiers: z.array(node),
  drafters: z.array(node),
});

export type Nodes = Readonly<z.infer<typeof nodesSchema>>;

/** The body of every error response. */
export const errorSchema = z.object({ code: z.string(), message: z.string() });
