import type { NodeFault } from "@nightbeam/queue";
import { isPassing } from "./blame.js";
import type { StoppedRun } from "./standing.js";

export interface DrafterTroubles {
  readonly node: string;
  readonly stopped: readonly StoppedRun[];
  /** Since when no verifier is known; undefined if one is. */
  readonly blindSince: number | undefined;
  /** The same moment by the clock of the troubles, and in epoch milliseconds. */
  readonly now: { readonly clock: number; readonly epoch: number };
  /** The store of a run. */
  readonly locationOf: (runId: string) => string;
}

/** Passing trouble is a fault after this; most of it is over before. */
const REPORT_AFTER_MS = 60_000;
const MAX_MESSAGE = 4_000;

/** The faults that the troubles of a drafter are for the rest of the cluster, at most one about each subject. */
export function troubleFaults(troubles: DrafterTroubles): readonly NodeFault[] {
  const { stopped, now, locationOf } = troubles;
  const reported = stopped.filter(
    ({ blame, since }) => !isPassing(blame) || now.clock - since >= REPORT_AFTER_MS,
  );
  const ofStores = reported.filter(({ blame }) => blame === "store");
  const locations = new Set(ofStores.map(({ runId }) => locationOf(runId)));
  const stores = [...locations].map((location) => {
    const runs = ofStores.filter(({ runId }) => locationOf(runId) === location);
    return storeFault(troubles, { location, runs });
  });
  const own = nodeFault(
    troubles,
    reported.filter(({ blame }) => blame !== "store"),
  );
  return own === undefined ? stores : [...stores, own];
}

function storeFault(
  { node, now }: DrafterTroubles,
  { location, runs }: { readonly location: string; readonly runs: readonly StoppedRun[] },
): NodeFault {
  const message = `Drafter ${node} waits for the store ${location}: ${reasonsOf(runs)}`;
  return {
    kind: "store_failing",
    ...about(runs),
    node,
    subject: location,
    message: message.slice(0, MAX_MESSAGE),
    since: dateOf(now, Math.min(...runs.map(({ since }) => since))),
  };
}

function nodeFault(
  { node, now, blindSince }: DrafterTroubles,
  runs: readonly StoppedRun[],
): NodeFault | undefined {
  const isBlind = blindSince !== undefined && now.clock - blindSince >= REPORT_AFTER_MS;
  if (runs.length === 0 && !isBlind) return undefined;
  const blind = `Drafter ${node} takes no shards: it knows no verifier. Check its NATS servers or its --verifiers.`;
  const message = isBlind ? blind : refusal(node, runs);
  const sinces = [...runs.map(({ since }) => since), ...(isBlind ? [blindSince] : [])];
  return {
    kind: "node_failing",
    ...(isBlind ? {} : about(runs)),
    node,
    subject: node,
    message: message.slice(0, MAX_MESSAGE),
    since: dateOf(now, Math.min(...sinces)),
  };
}

function refusal(node: string, runs: readonly StoppedRun[]): string {
  const failures = runs.reduce((sum, run) => sum + run.failures, 0);
  const after = failures === 1 ? "a failure" : `${failures} failures in a row`;
  const which = `${runs.length === 1 ? "run" : "runs"} ${runs.map(({ runId }) => runId).join(", ")}`;
  return (
    `Drafter ${node} takes no shards of ${which} after ${after}, and tries again from time to time: ` +
    reasonsOf(runs)
  );
}

/** A fault of a single run names it. */
function about([first, ...others]: readonly StoppedRun[]): { runId?: string } {
  return first === undefined || others.length > 0 ? {} : { runId: first.runId };
}

function reasonsOf(runs: readonly StoppedRun[]): string {
  return [...new Set(runs.map(({ reason }) => reason))].join(" ");
}

function dateOf(now: DrafterTroubles["now"], at: number): string {
  return new Date(now.epoch - (now.clock - at)).toISOString();
}
