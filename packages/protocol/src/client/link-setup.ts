import type { Identity } from "../identity.js";
import type { ClientLimits } from "./client-limits.js";
import type { ClientLog, VerifierEndpoint } from "./directory.js";
import type { Wire, WireEvent } from "./wire.js";

/** What all links of a client share. */
export interface LinkSetup {
  readonly identity: Identity;
  readonly limits: ClientLimits;
  readonly openWire: (address: string, report: (event: WireEvent) => void) => Wire;
  /** Called after every change that may make a verifier usable. */
  readonly changed: () => void;
  /** 0 to 1, without 1. */
  readonly random: () => number;
  readonly log?: ClientLog;
}

/** Whether a verifier is known to hold something else than is asked for. */
export function misfit(endpoint: VerifierEndpoint, asked: Identity): boolean {
  const { target, catalogue, scoring } = endpoint;
  return (
    (target !== undefined && target !== asked.target) ||
    (catalogue !== undefined && catalogue !== asked.catalogue) ||
    (scoring !== undefined && scoring !== asked.scoring)
  );
}

/** What is asked for and what it holds, for people. */
export function misfitReason(endpoint: VerifierEndpoint, asked: Identity): string {
  const short = (hash: string | undefined) => hash?.slice(0, 12) ?? "?";
  const holds = (one: Partial<Identity>) =>
    `target ${short(one.target)}, catalogue ${short(one.catalogue)}, ${one.scoring ?? "?"} scoring`;
  return `asked for is ${holds(asked)}; it holds ${holds(endpoint)}`;
}

/** Whether the directory's word changed in what decides about calling it. */
export function saysSomethingNew(before: VerifierEndpoint, after: VerifierEndpoint): boolean {
  return (
    before.target !== after.target ||
    before.catalogue !== after.catalogue ||
    before.scoring !== after.scoring ||
    before.draining !== after.draining
  );
}
