import { z } from "zod";
import { ControlError } from "../errors.js";

const rolloutSchema = z.object({
  /** Where the target is, or its hash: whatever a new run shall name. */
  target: z.string().min(1),
  /** The drafts that go with it. */
  draft: z.array(z.string().min(1)).readonly(),
  catalogue: z.string().min(1),
  announcedAt: z.iso.datetime(),
});

/** The models that new runs shall begin with. A run keeps those that it began with. */
export type Rollout = Readonly<z.infer<typeof rolloutSchema>>;

/** A rollout as the bucket holds it. */
export interface NamedRollout {
  readonly name: string;
  readonly rollout: Rollout;
  /** Grows with every announcement in the bucket. */
  readonly revision: number;
}

/** @throws ControlError BAD_ROLLOUT */
export function checkRolloutName(name: string): void {
  if (/^[-/=\w]+(\.[-/=\w]+)*$/.test(name)) return;
  throw badRollout(`"${name}" is no name for a rollout`, "Use letters, digits, -, _, / and dots.");
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
    throw badRollout(`the rollout "${name}" is no JSON`, "Announce it again.");
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
