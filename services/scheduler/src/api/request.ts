import { type RunRequest, type RunRequestInput, runRequestSchema } from "@nightbeam/settings";
import { z } from "zod";

const place = z.string().min(1).max(2_000);

/**
 * What a person asks for, checked as @nightbeam/settings does. `target`, `catalogue` and a `draft` may be
 * `rollout:NAME`, which stands for what that rollout says when the run is registered.
 */
export const submitSchema = runRequestSchema;

/** A request as a client may write it. */
export type SubmitBody = RunRequestInput;
/** A request with everything decided. */
export type Submission = RunRequest;

/** Names of nights: also of their files and of their schedules in Redis. */
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
  /** What happens to a night that did not start in time. */
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
/** A rollout with everything decided. */
export type RolloutRequest = Readonly<z.output<typeof rolloutBodySchema>>;
