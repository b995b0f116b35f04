import { randomInt } from "node:crypto";
import type { AuditTolerance } from "./agreement.js";

/** Which answers are asked for again, and how they are compared. */
export interface Auditing {
  /** The share of the answered calls: 0 for none, to 1. */
  readonly rate: number;
  readonly tolerance: AuditTolerance;
  /** 0 to 1, without 1: a number that no verifier can predict. */
  readonly draw: () => number;
  /** Called when a call should be audited, but there is no second verifier. */
  readonly onAlone: () => void;
}

const DRAWS = 2 ** 32;

/** A number from the system's generator for secrets. */
export function secretDraw(): number {
  return randomInt(DRAWS) / DRAWS;
}
