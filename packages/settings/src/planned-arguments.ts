import type { Scoring } from "@nightbeam/decoding";
import { type GivenVerification, plannedVerification } from "./verification.js";

/** Settings of a run that decide its lists, and those that do where lists are drawn. */
interface Deciding extends GivenVerification {
  readonly topK: number;
  readonly beamWidth: number;
  readonly scoring: Scoring;
  readonly precision: string;
  readonly excludeSeen: boolean;
  /** Absent: all users. */
  readonly limit?: number | undefined;
  readonly draft: readonly string[];
  readonly draftWidth: "auto" | readonly number[];
}

/**
 * The settings that a plan names, the same on one machine and in a cluster. Batches and threads are not
 * here, and drafts and widths only where lists depend on them.
 */
export function plannedArguments(settings: Deciding) {
  const { topK, beamWidth, scoring, precision, excludeSeen, limit } = settings;
  return {
    topK,
    beamWidth,
    scoring,
    precision,
    excludeSeen,
    limit: limit ?? null,
    ...plannedVerification(settings),
  };
}
