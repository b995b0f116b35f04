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

export const rolloutBodySchema = z.strictObject({
  target: place,
  draft: z.array(place).max(16).default([]),
  catalogue: place,
});

export type RolloutBody = z.input<typeof rolloutBodySchema>;
/** A rollout with all defaults. */
export type RolloutRequest = Readonly<z.output<typeof rolloutBodySchema>>;
