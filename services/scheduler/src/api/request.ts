import { type RunRequest, type RunRequestInput, runRequestSchema } from "@nightbeam/settings";
import { z } from "zod";

const place = z.string().min(1).max(2_000);

/**
 * A submitted run, with the rules of @nightbeam/settings. `target`, `catalogue` and `draft` may be `rollout:NAME`,
 * which is replaced by the paths of that rollout when the run is registered.
 */
export const submitSchema = runRequestSchema;

/** A request as a client sends it. */
export type SubmitBody = RunRequestInput;
/** A request with all defaults. */
export type Submission = RunRequest;

/** The names of nights and rollouts, which are also file names and names of schedules in Redis. */
export const nameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    "use a letter or digit, then at most 99 letters, digits, dots, dashes and underscores",
  );

export const nightBodySchema = z.strictObject({
  /** Minute, hour, day of month, month, day of week. */
  cron: z.string().min(1).max(200),
  /** An IANA name such as Europe/Berlin. */
  timeZone: z.string().min(1).max(100).default("UTC"),
  /** What to do with a night that did not start in time. */
  missed: z.enum(["run", "skip"]).default("run"),
  request: submitSchema,
});

export interface NightBody {
  readonly cron: string;
  readonly timeZone?: string;
  readonly missed?: "run" | "skip";
  readonly request: SubmitBody;
}

/** Which run's shards are taken first. A copy, because clients of the API do not load the queue. */
export const prioritySchema = z.enum(["urgent", "normal", "low"]);

export const priorityBodySchema = z.strictObject({ priority: prioritySchema });

/** Which shards of a run are computed again. */
export const redoBodySchema = z
  .strictObject({
    shards: z.array(z.int().min(0)).min(1).max(100_000).exactOptional(),
    /** The name of a verifier: the shards of which it answered calls. */
    answeredBy: z.string().min(1).max(200).exactOptional(),
    /** With `answeredBy`: since when. Default: since its last good audit. */
    since: z.iso
      .datetime({ offset: true, error: "write a time with an offset, as 2026-11-22T02:00:00Z" })
      .transform((time) => new Date(time).toISOString())
      .exactOptional(),
  })
  .refine(({ shards, answeredBy }) => shards !== undefined || answeredBy !== undefined, {
    error: "name `shards`, or the verifier in `answeredBy`",
  })
  .refine(({ answeredBy, since }) => since === undefined || answeredBy !== undefined, {
    path: ["since"],
    error: "it goes with `answeredBy`",
  });

export type RedoRequest = Readonly<z.output<typeof redoBodySchema>>;
export type RedoBody = z.input<typeof redoBodySchema>;
export type RunPriority = z.infer<typeof prioritySchema>;

export const rolloutBodySchema = z.strictObject({
  target: place,
  draft: z.array(place).max(16).default([]),
  catalogue: place,
});

export type RolloutBody = z.input<typeof rolloutBodySchema>;
/** A rollout with all defaults. */
export type RolloutRequest = Readonly<z.output<typeof rolloutBodySchema>>;
