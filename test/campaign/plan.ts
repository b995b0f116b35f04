import { below, type Random, seeded } from "@nightbeam/testing";
import type { FaultKind } from "./faults/kind.js";

/** One fault, or two that overlap. */
export interface Step {
  readonly kinds: readonly FaultKind[];
  /** How long the faults last, in milliseconds. */
  readonly lastsMs: number;
  /** How much later the second one begins. */
  readonly delayMs: number;
  /** Seeds the choice of the node and the like. */
  readonly seed: number;
}

export interface PlanOptions {
  readonly seed: number;
  /** Number of faults; two at once are two. */
  readonly faults: number;
  readonly kinds: readonly FaultKind[];
}

const SHORT_MS = { min: 500, max: 6_000 };
/** Longer than jobs are retried without a word, and than most time limits. */
const LONG_MS = { min: 20_000, max: 30_000 };
/** One step in eight is long. */
const LONG = 1 / 8;
/** One step in three has two faults. */
const PAIRS = 1 / 3;

/** The steps of a campaign. Every kind comes once before any comes again; the same seed gives the same plan. */
export function planCampaign({ seed, faults, kinds }: PlanOptions): Step[] {
  const random = seeded(seed);
  const drawn: FaultKind[] = [];
  while (drawn.length < faults) drawn.push(...shuffled(kinds, random));
  const left = drawn.slice(0, faults);
  const steps: Step[] = [];
  for (let first = left.shift(); first !== undefined; first = left.shift()) {
    const partner = random() < PAIRS ? partnerOf(first, left) : undefined;
    const { min, max } = random() < LONG ? LONG_MS : SHORT_MS;
    const lastsMs = min + below(random, max - min);
    steps.push({
      kinds: partner === undefined ? [first] : [first, partner],
      lastsMs,
      delayMs: below(random, Math.min(lastsMs, SHORT_MS.max)),
      seed: below(random, 2 ** 31),
    });
  }
  return steps;
}

/** Whether a step can be taken in a night with this store. */
export function fits(step: Step, store: "directory" | "s3"): boolean {
  const other = store === "s3" ? "directory" : "s3";
  return !step.kinds.some(({ needs = [] }) => needs.includes(other));
}

/** Removes and returns the next fault that touches nothing of the first and can share a store with it. */
function partnerOf(first: FaultKind, left: FaultKind[]): FaultKind | undefined {
  const needs = new Set(first.needs);
  const at = left.findIndex((other) => {
    const apart = !other.touches.some((part) => first.touches.includes(part));
    const both = new Set([...needs, ...(other.needs ?? [])]);
    return apart && !(both.has("s3") && both.has("directory"));
  });
  return at < 0 ? undefined : left.splice(at, 1)[0];
}

function shuffled<T>(all: readonly T[], random: Random): T[] {
  const left = [...all];
  const order: T[] = [];
  while (left.length > 0) order.push(...left.splice(below(random, left.length), 1));
  return order;
}
