import type { TargetProgram } from "@nightbeam/decoding";
import type { Identity } from "../identity.js";
import type { Candidate } from "./choice.js";
import type { ClientLimits } from "./client-limits.js";
import type { ClientLog, VerifierEndpoint } from "./directory.js";
import type { TrustBook } from "./trust/trust-book.js";
import type { Wire, WireEvent } from "./wire.js";

/** What all links of a client share. */
export interface LinkSetup {
  readonly identity: Identity;
  /** What the client's calls are answered with. */
  readonly program: TargetProgram;
  readonly limits: ClientLimits;
  /** Which verifiers are not believed. */
  readonly trust: TrustBook;
  readonly openWire: (address: string, report: (event: WireEvent) => void) => Wire;
  /** Called after every change that may make a verifier usable. */
  readonly changed: () => void;
  /** 0 to 1, without 1. */
  readonly random: () => number;
  readonly log?: ClientLog;
}

/** What the client asks verifiers for. */
export type Asked = Pick<LinkSetup, "identity" | "program">;

/** Whether a verifier is known to hold another model than the client asks for, or not to run the program. */
export function misfit(endpoint: VerifierEndpoint, { identity, program }: Asked): boolean {
  const { target, catalogue, scoring } = endpoint;
  return (
    (target !== undefined && target !== identity.target) ||
    (catalogue !== undefined && catalogue !== identity.catalogue) ||
    (scoring !== undefined && scoring !== identity.scoring) ||
    programsOf(endpoint)?.includes(program) === false
  );
}

/** Describes what is asked for and what the verifier holds. */
export function misfitReason(endpoint: VerifierEndpoint, { identity, program }: Asked): string {
  const programs = programsOf(endpoint);
  if (programs?.includes(program) === false) {
    return `it runs ${programs.join(", ")}, not ${program}`;
  }
  const short = (hash: string | undefined) => hash?.slice(0, 12) ?? "?";
  const holds = (one: Partial<Identity>) =>
    `target ${short(one.target)}, catalogue ${short(one.catalogue)}, ${one.scoring ?? "?"} scoring`;
  return `it holds ${holds(endpoint)}; asked for: ${holds(identity)}`;
}

/** Whether an entry of the directory changed in a way that decides about calls. */
export function saysSomethingNew(before: VerifierEndpoint, after: VerifierEndpoint): boolean {
  return (
    before.target !== after.target ||
    before.catalogue !== after.catalogue ||
    before.scoring !== after.scoring ||
    before.draining !== after.draining ||
    programsOf(before)?.join() !== programsOf(after)?.join()
  );
}

/** The cost of a verifier's calls of a program, if it is known. */
export function programCost(
  { cost, programs }: VerifierEndpoint,
  program: TargetProgram,
): Candidate["cost"] {
  const found = programs?.find((one) => one.program === program)?.cost;
  return program === "tree-scores" ? (found ?? cost) : found;
}

/** What a verifier runs: tree calls alone if it says what it holds and names no programs, as older versions do. */
function programsOf({ target, programs }: VerifierEndpoint): TargetProgram[] | undefined {
  if (programs !== undefined) return programs.map(({ program }) => program);
  return target === undefined ? undefined : ["tree-scores"];
}
