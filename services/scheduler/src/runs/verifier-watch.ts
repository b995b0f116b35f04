import type { RunStateName } from "@nightbeam/api";
import { answersHash } from "@nightbeam/model";
import { programOfPlan } from "@nightbeam/recommend";
import type { RunPlan } from "@nightbeam/run";
import type { RunRequest } from "@nightbeam/settings";
import type { Alarms } from "../alarms/alarms.js";
import { elapsedMs } from "../clock.js";
import { holdsModel, type LiveVerifiers, programsOf } from "./live-verifiers.js";
import type { RunRecord } from "./run-record.js";

export interface VerifierWatchOptions {
  readonly verifiers: () => LiveVerifiers;
  readonly alarms: Pick<Alarms, "raise" | "mend">;
  /** Milliseconds since some moment, never going back. Default: the process's monotonic clock. */
  readonly elapsed?: () => number;
  /** An alarm is raised after this time without a verifier and without a commit. */
  readonly alarmAfterMs?: number | undefined;
}

/** The part of a run's view that is checked. */
export interface ObservedRun {
  readonly state: RunStateName;
  readonly record: Pick<RunRecord, "runId" | "night" | "request">;
  readonly standing: { readonly plan: Pick<RunPlan, "versions"> | undefined };
  readonly missing: { readonly length: number };
  readonly commits: { readonly length: number };
}

/** Finds running runs that no announced verifier can answer. Without it they would wait silently. */
export interface VerifierWatch {
  /**
   * Why no verifier can answer a running run. Undefined if one can, or if nothing is known. If drafters were given
   * verifiers by address, only after a long time without a commit.
   */
  reason(view: ObservedRun): string | undefined;
  /** Why no announced verifier can answer, whatever drafters were given by address. */
  unverified(view: ObservedRun): string | undefined;
  /** Raises `run_unverified` if no verifier could answer for a long time, and ends it once one can. */
  check(view: ObservedRun): void;
  /** Forgets a run that has ended or was resumed. */
  forget(runId: string): void;
}

const ALARM_AFTER_MS = 60_000;
/** Digits of a hash in messages. */
const DIGITS = 12;
/** Verifiers that a message describes. */
const MAX_DESCRIBED = 3;

export function openVerifierWatch(options: VerifierWatchOptions): VerifierWatch {
  const { verifiers, alarms, elapsed = elapsedMs, alarmAfterMs = ALARM_AFTER_MS } = options;
  const waiting = new Map<string, { readonly since: number; readonly commits: number }>();
  const unverified = ({ state, standing: { plan }, record, missing }: ObservedRun) => {
    if (state !== "running" || plan === undefined || missing.length === 0) return undefined;
    return unverifiedReason({ plan, request: record.request, live: verifiers() });
  };
  const isStuck = ({ record, commits }: ObservedRun) => {
    const before = waiting.get(record.runId);
    if (before === undefined || before.commits !== commits.length) return false;
    return elapsed() - before.since >= alarmAfterMs;
  };
  return {
    reason: (view) => {
      const why = unverified(view);
      return verifiers().areNamed && !isStuck(view) ? undefined : why;
    },
    unverified,
    check: (view) => {
      const { runId, night } = view.record;
      if (!verifiers().connected) return;
      const why = unverified(view);
      const commits = view.commits.length;
      const before = waiting.get(runId);
      if (why === undefined) waiting.delete(runId);
      else if (before?.commits !== commits) waiting.set(runId, { since: elapsed(), commits });
      // Drafters may have verifiers that are not announced: a run that makes progress is fine.
      if (why === undefined || (before !== undefined && before.commits !== commits)) {
        alarms.mend({ kind: KIND, runId });
        return;
      }
      if (!isStuck(view)) return;
      alarms.raise({
        kind: KIND,
        runId,
        message: `Run ${runId} waits: ${why}. Start such a verifier, or cancel the run.`,
        ...(night === undefined ? {} : { night }),
      });
    },
    forget: (runId) => void waiting.delete(runId),
  };
}

const KIND = "run_unverified";

/** Why no announced verifier can answer a run. Undefined if one can, or if nothing is known. */
export function unverifiedReason(options: {
  readonly plan: Pick<RunPlan, "versions">;
  readonly request: Pick<RunRequest, "scoring" | "precision" | "device">;
  readonly live: LiveVerifiers;
}): string | undefined {
  const { plan, request, live } = options;
  if (!live.connected) return undefined;
  const { scoring, precision, device = "cpu" } = request;
  const { target: checkpoint = "", catalogue = "" } = plan.versions;
  const asked = { target: answersHash({ checkpoint, precision, device }), catalogue, scoring };
  const held = live.verifiers.filter(({ draining }) => !draining);
  const named = live.areNamed
    ? ", and nothing is known about those that drafters were given by address"
    : "";
  if (held.length === 0) return `no verifier is announced${named}`;
  const holding = held.filter((one) => holdsModel(one, asked));
  const program = programOfPlan(plan);
  if (holding.some((one) => programsOf(one).some((runs) => runs.program === program)))
    return undefined;
  if (holding.length > 0) {
    return (
      `no verifier runs ${program}, which the run was planned with; the ${holding.length} that hold its target ` +
      `run ${[...new Set(holding.flatMap(programsOf).map((runs) => runs.program))].join(", ")}${named}`
    );
  }
  const holdings = [...new Set(held.map(describe))];
  const more =
    holdings.length > MAX_DESCRIBED ? `; and ${holdings.length - MAX_DESCRIBED} more` : "";
  return (
    `no verifier holds what it asks for, ${describe(asked)} (${precision}${device === "cpu" ? "" : ` on ${device}`}); ` +
    `the ${held.length} announced hold ${holdings.slice(0, MAX_DESCRIBED).join("; ")}${more}${named}`
  );
}

function describe(one: {
  readonly target?: string;
  readonly catalogue?: string;
  readonly scoring?: string;
}): string {
  const { target = "?", catalogue = "?", scoring = "?" } = one;
  return `target ${target.slice(0, DIGITS)}, catalogue ${catalogue.slice(0, DIGITS)}, scoring ${scoring}`;
}
