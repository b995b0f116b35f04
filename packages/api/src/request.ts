import { type RunRequest, type RunRequestInput, runRequestSchema } from "@nightbeam/settings";
import { z } from "zod";

/** Hours and minutes. A copy, because clients of the API do not load the queue. */
const TIME_OF_DAY = /^([01]\d|2[0-3]):([0-5]\d)$/;

const place = z.string().min(1).max(2_000);

/**
 * A submitted run, with the rules of @nightbeam/settings. `target`, `catalogue` and `draft` may be `rollout:NAME`,
 * which is replaced by the paths of that rollout when the run is registered.
 */
export const submitSchema = runRequestSchema;

/** A request as a client sends it. */
export type SubmitBody = RunRequestInput & TreatmentBody;
/** A request with all defaults. */
export type Submission = RunRequest;

/** The names of nights and rollouts and the ids of runs, which are also file names and names of schedules in Redis. */
export const nameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    "use a letter or digit, then at most 99 letters, digits, dots, dashes and underscores",
  );

/** How urgent a run is among the others; runs of the same priority are done in the order of their submission. */
export const prioritySchema = z.enum(["urgent", "normal", "low"]);

export type PriorityName = z.output<typeof prioritySchema>;

export const priorityBodySchema = z.strictObject({ priority: prioritySchema });

/** Which shards of a run are computed again: those that fit all that is given. */
export const redoBodySchema = z.strictObject({
  /** Numbers and ranges: 3,7-9. */
  shards: z
    .string()
    .max(10_000)
    .regex(/^\d{1,9}(-\d{1,9})?(,\d{1,9}(-\d{1,9})?)*$/, "write numbers and ranges, as 3,7-9")
    .exactOptional(),
  /** Those for which this verifier answered. */
  answeredBy: z.string().min(1).max(200).exactOptional(),
  /** Those for which a verifier answered at this time or later. */
  since: z.iso
    .datetime({ offset: true, error: "write a time with an offset, as 2026-11-22T06:00:00Z" })
    .exactOptional(),
});

export type RedoBody = Readonly<z.output<typeof redoBodySchema>>;

/** Which ended runs are removed. */
export const pruneBodySchema = z.strictObject({
  /** How long ended runs are kept: 14d or 36h. */
  keep: z.string().regex(/^\d{1,5}[hd]$/, "write days or hours, as 14d or 36h"),
  /** Only reports what would be removed. */
  dryRun: z.boolean().exactOptional(),
  /** Removes the lists of the runs too. */
  lists: z.boolean().exactOptional(),
});

export type PruneBody = Readonly<z.output<typeof pruneBodySchema>>;

/** The name that lists are published under. A copy, because clients of the API do not load the package. */
const publishSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,30}$/, "use up to 31 small letters, digits and _, a letter first");

/** How the cluster treats a run, which does not change its lists. */
export const treatmentFields = {
  /** When the run must be complete, with an offset: 2026-11-22T06:00:00+01:00. */
  due: z.iso
    .datetime({ offset: true, error: "write a time with an offset, as 2026-11-22T06:00:00Z" })
    .exactOptional(),
  /** Whether it is tried again if it is partial, until it is due or for twelve hours. */
  retryPartial: z.boolean().exactOptional(),
  /** Default: normal, or what the run had before. */
  priority: prioritySchema.exactOptional(),
  /** Publishes the lists under this name once the run is complete. Default: it is not published. */
  publish: publishSchema.exactOptional(),
};

export const treatmentSchema = z.object(treatmentFields);
/** How a client wants a run to be treated. */
export type Treatment = Readonly<z.output<typeof treatmentSchema>>;

export interface TreatmentBody {
  readonly due?: string;
  readonly retryPartial?: boolean;
  readonly priority?: PriorityName;
  readonly publish?: string;
}

export const nightBodySchema = z.strictObject({
  /** Minute, hour, day of month, month, day of week. */
  cron: z.string().min(1).max(200),
  /** An IANA name such as Europe/Berlin. */
  timeZone: z.string().min(1).max(100).default("UTC"),
  /** What to do with a night that did not start in time. */
  missed: z.enum(["run", "skip"]).default("run"),
  /** The time of day by which its runs must be complete, in its time zone. */
  due: z.string().regex(TIME_OF_DAY, "write a time of day, as 06:00").exactOptional(),
  /** Default: normal. */
  priority: prioritySchema.exactOptional(),
  /** Publishes the lists of its runs under this name. Default: they are not published. */
  publish: publishSchema.exactOptional(),
  request: submitSchema,
});

export interface NightBody {
  readonly cron: string;
  readonly timeZone?: string;
  readonly missed?: "run" | "skip";
  readonly due?: string;
  readonly priority?: PriorityName;
  readonly publish?: string;
  readonly request: SubmitBody;
}

export const rolloutBodySchema = z.strictObject({
  target: place,
  draft: z.array(place).max(16).default([]),
  catalogue: place,
});

export type RolloutBody = z.input<typeof rolloutBodySchema>;
/** A rollout with all defaults. */
export type RolloutRequest = Readonly<z.output<typeof rolloutBodySchema>>;
