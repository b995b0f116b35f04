import type { NodeStatus } from "@nightbeam/control";
import { answersHash } from "@nightbeam/model";
import type { RunPlan } from "@nightbeam/run";
import type { RunRequest } from "@nightbeam/settings";
import type { Alarms } from "../alarms/alarms.js";
import type { RunStateName } from "../api/answers.js";
import type { Clock } from "../clock.js";
import type { RunRecord } from "./run-record.js";

/** What verifiers say about themselves, as far as it decides whose calls they take. */
export interface LiveVerifiers {
  /** False without NATS, or while it is away: then nothing is known about them. */
  readonly connected: boolean;
  readonly verifiers: readonly Pick<NodeStatus, "target" | "catalogue" | "scoring" | "draining">[];
  /** Whether a live drafter was given verifiers by name, of which nothing is known here. */
  readonly areNamed: boolean;
}

export interface VerifierWatchOptions {
  readonly verifiers: () => LiveVerifiers;
  readonly alarms: Pick<Alarms, "raise" | "list">;
  readonly clock: Clock;
  /** A run is alarmed about after so long without a verifier and without a commit. */
  readonly alarmAfterMs?: number;
}

/** As much of a run's view as is looked at. */
export interface ObservedRun {
  readonly state: RunStateName;
  readonly record: Pick<RunRecord, "runId" | "night" | "request">;
  readonly standing: { readonly plan: Pick<RunPlan, "versions"> | undefined };
  readonly missing: { readonly length: number };
  readonly commits: { readonly length: number };
}

/** Finds running runs that no live verifier can answer, which would wait without a word. */
export interface VerifierWatch {
  /**
   * What a running run asks for and nobody holds; undefined where all is well or nothing is known.
   * Where drafters have verifiers by name, only once nothing has been committed for long.
   */
  reason(view: ObservedRun): string | undefined;
  /** Raises `run_unverified`, once for each run, where that has lasted. */
  look(view: ObservedRun): Promise<void>;
  /** A run is over or begins anew. */
  forget(runId: string): void;
}

const ALARM_AFTER_MS = 60_000;
/** Digits of a hash that a person compares. */
const DIGITS = 12;
/** Holdings that a person is told. */
const NAMED = 3;

export function openVerifierWatch(options: VerifierWatchOptions): VerifierWatch {
  const { verifiers, alarms, clock, alarmAfterMs = ALARM_AFTER_MS } = options;
  const waiting = new Map<string, { readonly since: number; readonly commits: number }>();
  // Also where a person cleared the alarm: once is enough.
  const alarmed = new Set<string>();
  const unverified = ({ state, standing: { plan }, record, missing }: ObservedRun) => {
    if (state !== "running" || plan === undefined || missing.length === 0) return undefined;
    return unverifiedReason({ plan, request: record.request, live: verifiers() });
  };
  const isStuck = ({ record, commits }: ObservedRun) => {
    const before = waiting.get(record.runId);
    if (before === undefined || before.commits !== commits.length) return false;
    return clock.now() - before.since >= alarmAfterMs;
  };
  return {
    reason: (view) => {
      const why = unverified(view);
      return verifiers().areNamed && !isStuck(view) ? undefined : why;
    },
    look: async (view) => {
      const { runId, night } = view.record;
      const why = unverified(view);
      if (why === undefined) {
        waiting.delete(runId);
        return;
      }
      const commits = view.commits.length;
      const before = waiting.get(runId);
      // Drafters may have verifiers that NATS does not know: what moves is no trouble.
      if (before?.commits !== commits) {
        waiting.set(runId, { since: clock.now(), commits });
        return;
      }
      if (!isStuck(view) || alarmed.has(runId)) return;
      // Another scheduler, or this one before it was started anew, may have told it.
      const told = await alarms.list();
      alarmed.add(runId);
      if (told.some((one) => one.kind === KIND && one.runId === runId)) return;
      alarms.raise({
        kind: KIND,
        runId,
        message: `Run ${runId} waits: ${why}. Start such a verifier, or cancel the run.`,
        ...(night === undefined ? {} : { night }),
      });
    },
    forget: (runId) => {
      waiting.delete(runId);
      alarmed.delete(runId);
    },
  };
}

const KIND = "run_unverified";

/** Why no live verifier answers a run, or undefined where one does or nothing is known. */
export function unverifiedReason(options: {
  readonly plan: Pick<RunPlan, "versions">;
  readonly request: Pick<RunRequest, "scoring" | "precision">;
  readonly live: LiveVerifiers;
}): string | undefined {
  const { plan, request, live } = options;
  if (!live.connected) return undefined;
  const { scoring, precision } = request;
  const { target: checkpoint = "", catalogue = "" } = plan.versions;
  const asked = { target: answersHash({ checkpoint, precision }), catalogue, scoring };
  const held = live.verifiers.filter(({ draining }) => !draining);
  const named = live.areNamed ? ", and nothing is known of those that drafters have by name" : "";
  if (held.length === 0) return `no verifier is announced${named}`;
  const answers = held.some((one) => {
    const { target = asked.target, catalogue: items = catalogue, scoring: mode = scoring } = one;
    return target === asked.target && items === catalogue && mode === scoring;
  });
  if (answers) return undefined;
  const holdings = [...new Set(held.map(told))];
  const more = holdings.length > NAMED ? `; and ${holdings.length - NAMED} more` : "";
  return (
    `no verifier holds what it asks for, ${told(asked)} (${precision}); ` +
    `the ${held.length} announced hold ${holdings.slice(0, NAMED).join("; ")}${more}${named}`
  );
}

function told(one: {
  readonly target?: string;
  readonly catalogue?: string;
  readonly scoring?: string;
}): string {
  const { target = "?", catalogue = "?", scoring = "?" } = one;
  return `target ${target.slice(0, DIGITS)}, catalogue ${catalogue.slice(0, DIGITS)}, scoring ${scoring}`;
}
