import { z } from "zod";
import { ControlError } from "../errors.js";

const rolloutSchema = z.object({
  /** The target that new runs name: a path or a hash. */
  target: z.string().min(1),
  /** The drafts of new runs. */
  draft: z.array(z.string().min(1)).readonly(),
  catalogue: z.string().min(1),
  announcedAt: z.iso.datetime(),
});

/** The models that new runs start with. A run keeps the models that it started with. */
export type Rollout = Readonly<z.infer<typeof rolloutSchema>>;

/** A rollout in the bucket. */
export interface NamedRollout {
  readonly name: string;
  readonly rollout: Rollout;
  /** Grows with every write to the bucket. */
  readonly revision: number;
}

/** @throws ControlError BAD_ROLLOUT */
export function checkRolloutName(name: string): void {
  if (/^[-/=\w]+(\.[-/=\w]+)*$/.test(name)) return;
  throw badRollout(
    `"${name}" is not a valid name for a rollout`,
    "Use letters, digits, -, _, / and dots.",
  );
}

/** @throws ControlError BAD_ROLLOUT */
export function writeRollout(name: string, value: Rollout): string {
  return JSON.stringify(parse(name, value));
}

/** @throws ControlError BAD_ROLLOUT */
export function readRollout(name: string, text: string): Rollout {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw badRollout(`the rollout "${name}" is not JSON`, "Announce it again.");
  }
  return parse(name, json);
}

function parse(name: string, value: unknown): Rollout {
  const parsed = rolloutSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  const problem = first === undefined ? "it is empty" : `${first.path.join(".")}: ${first.message}`;
  throw badRollout(`the rollout "${name}" cannot be used: ${problem}`, "Announce it again.");
}

function badRollout(what: string, remedy: string): ControlError {
  return new ControlError("BAD_ROLLOUT", `${what}. ${remedy}`);
}
