import { SettingsError } from "./errors.js";
import {
  checkRelaxed,
  dependsOnDraft,
  type GivenVerification,
  verificationOf,
} from "./verification.js";

/** What changes the counts that a draft is made of: of items in histories, of items in the catalogue. */
const COUNTED: Readonly<Record<string, readonly ("limit" | "allow" | "block")[]>> = {
  transitions: ["limit", "allow", "block"],
  retrieval: ["allow", "block"],
};

/** As much of a request as its verification has to go with. */
interface Asked extends GivenVerification {
  readonly draft: readonly string[];
  readonly draftWidth: "auto" | readonly number[];
  readonly limit?: number;
  readonly allow?: string;
  readonly block?: string;
}

/** What decides what is drawn, with every default; nothing of strict lists. */
interface Drawing {
  readonly verification?: "sampled" | "relaxed";
  readonly seed?: number;
  readonly temperature?: number;
  readonly drafted?: "sampled" | "beam";
}

/** @throws SettingsError BAD_VERIFICATION */
export function drawing(given: GivenVerification): Drawing {
  const { kind, ...how } = verificationOf(given);
  return kind === "strict" ? {} : { verification: kind, ...how };
}

/** Why a cluster cannot give the lists that are asked for, with the flags and the remedy, or nothing. */
export function verificationProblem(request: Asked): string | undefined {
  try {
    verificationOf(request);
    checkRelaxed(request);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  if (!dependsOnDraft(request)) return undefined;
  // One machine counts in all histories and among the items that are left; a drafter has the run's
  // rows, and the whole catalogue as the verifiers do. Other counts draft other lists.
  const [draft = ""] = request.draft;
  const narrowed = COUNTED[draft]?.find((key) => request[key] !== undefined);
  if (narrowed === undefined) return undefined;
  return (
    `--verification relaxed with --draft ${draft} takes no --${narrowed} in a cluster: its counts ` +
    "would be others than one machine's. Leave it out, or draft with a checkpoint"
  );
}
