import type { BeamWidth, Scoring } from "@nightbeam/decoding";
import { parseDraftName } from "./draft-name.js";
import type { Precision } from "./fields.js";
import { type DraftSettings, type VerificationOptions, verificationOf } from "./verification.js";

/** The settings that decide a run's lists, in some runs the draft too. */
export interface ListSettings extends VerificationOptions, DraftSettings {
  readonly topK: number;
  readonly beamWidth: BeamWidth;
  readonly scoring: Scoring;
  readonly precision: Precision;
  /** The kind that the target runs on. Default: cpu. */
  readonly device?: "cpu" | "cuda" | "webgpu" | undefined;
  readonly excludeSeen: boolean;
  /** Default: by id. */
  readonly itemOrder?: string | readonly string[] | undefined;
  /** Default: all. */
  readonly itemsPerPath?: number | undefined;
  /** Default: reject, as in plans from before it was a setting; the same holds for the next ones. */
  readonly unknownItems?: "skip" | "reject" | undefined;
  /** Default: keep. */
  readonly duplicateUsers?: "last" | "first" | "reject" | "keep" | undefined;
  /** Default: those with common names. */
  readonly columns?: Readonly<Record<string, string>> | undefined;
  /** Default: all users. */
  readonly limit?: number | undefined;
  /** Of runs with proposed items: see `candidateFields`. */
  readonly acceptAbove?: number | undefined;
  readonly acceptNewAbove?: number | undefined;
  readonly candidatesPerLevel?: number | undefined;
}

/**
 * Returns the settings that a plan names, the same on one machine and in a cluster: not batches and
 * threads, and drafts and widths only if lists depend on them.
 */
export function plannedArguments(settings: ListSettings) {
  const { topK, beamWidth, scoring, precision, excludeSeen, limit } = settings;
  return {
    topK,
    beamWidth: typeof beamWidth === "number" ? beamWidth : [...beamWidth],
    scoring,
    precision,
    excludeSeen,
    limit: limit ?? null,
    ...plannedItems(settings),
    ...plannedReading(settings),
    ...plannedDevice(settings),
    ...plannedVerification(settings),
    ...plannedCandidates(settings),
  };
}

/** Plans without these settings have none of it. A file's hash is among the versions. */
function plannedItems({ itemOrder, itemsPerPath }: ListSettings) {
  return {
    ...(itemOrder === "histories" ? { itemOrder } : {}),
    ...(itemsPerPath === undefined ? {} : { itemsPerPath }),
  };
}

function plannedReading({ unknownItems, duplicateUsers, columns }: ListSettings) {
  return {
    ...(unknownItems === "skip" ? { unknownItems } : {}),
    ...(duplicateUsers === undefined || duplicateUsers === "keep" ? {} : { duplicateUsers }),
    ...(columns === undefined ? {} : { columns: { ...columns } }),
  };
}

/** Plans for CPUs have none of this, as those from before other devices were planned. */
function plannedDevice({ device = "cpu", precision }: ListSettings) {
  if (device === "cpu") return {};
  return device === "cuda" && precision === "fp32" ? { device, tf32: false } : { device };
}

/** Plans of lists without proposed items have none of this. The hashes of files are among the versions. */
function plannedCandidates(settings: ListSettings): Record<string, number> {
  const { acceptAbove, acceptNewAbove, candidatesPerLevel } = settings;
  return {
    ...(acceptAbove === undefined ? {} : { acceptAbove }),
    ...(acceptNewAbove === undefined ? {} : { acceptNewAbove }),
    ...(candidatesPerLevel === undefined ? {} : { candidatesPerLevel }),
  };
}

/** Plans of strict lists have none of this, as those from before other lists existed. */
function plannedVerification(
  settings: ListSettings,
): Record<string, string | number | number[] | null> {
  const { kind: verification, ...how } = verificationOf(settings);
  if (verification === "strict") return {};
  if (verification === "sampled") return { verification, ...how };
  const [draft] = settings.draft;
  const kind = draft === undefined ? null : parseDraftName(draft).kind;
  // Which model drafts is among the plan's versions.
  const drafter = kind === "checkpoint" ? "model" : kind;
  const { draftWidth: widths } = settings;
  const draftWidth = drafter === null || widths === "auto" ? null : [...widths];
  return { verification, ...how, drafter, draftWidth };
}
