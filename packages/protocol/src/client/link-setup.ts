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

/** Whether a verifier is known to hold another model than the client asks for. */
export function misfit(endpoint: VerifierEndpoint, asked: Identity): boolean {
  const { target, catalogue, scoring } = endpoint;
  return (
    (target !== undefined && target !== asked.target) ||
    (catalogue !== undefined && catalogue !== asked.catalogue) ||
    (scoring !== undefined && scoring !== asked.scoring)
  );
}

/** Describes what is asked for and what the verifier holds. */
export function misfitReason(endpoint: VerifierEndpoint, asked: Identity): string {
  const short = (hash: string | undefined) => hash?.slice(0, 12) ?? "?";
  const holds = (one: Partial<Identity>) =>
    `target ${short(one.target)}, catalogue ${short(one.catalogue)}, ${one.scoring ?? "?"} scoring`;
  return `it holds ${holds(endpoint)}; asked for: ${holds(asked)}`;
}

/** Whether an entry of the directory changed in a way that decides about calls. */
export function saysSomethingNew(before: VerifierEndpoint, after: VerifierEndpoint): boolean {
  return (
    before.target !== after.target ||
    before.catalogue !== after.catalogue ||
    before.scoring !== after.scoring ||
    before.draining !== after.draining
  );
}
