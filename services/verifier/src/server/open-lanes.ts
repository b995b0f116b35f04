import { type SearchProgram, searchNodes, type TargetProgram } from "@nightbeam/decoding";
import type { CostLine } from "@nightbeam/recommend";
import type { Clock } from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import type { Recorder, Tracing } from "@nightbeam/telemetry";
import type { Pass } from "../batching/micro-batcher.js";
import { smallestCall, smallestSearch } from "../cost/made-up-calls.js";
import type { VerifierError } from "../errors.js";
import { AllLanes } from "../lanes/all-lanes.js";
import { Lanes } from "../lanes/lanes.js";
import { SearchLanes } from "../lanes/search-lanes.js";
import type { VerifierOptions } from "../options/options.js";
import type { OpenProgram, Target } from "./load-target.js";
import { tracePass } from "./trace-pass.js";

/** Milliseconds after which a call precedes all younger ones. */
const MAX_AGE_MS = 500;
/** Maximum of calls of a program that wait or run. */
const MAX_CALLS = 4_096;
/** Milliseconds without a call after which a client is forgotten. */
const CLIENT_IDLE_MS = 60_000;
/** Maximum of keys whose lane is remembered; about a hundred bytes each. */
const MAX_KEYS = 500_000;

/** Passes are expected to take no longer than this: no client waits longer for those of others. */
const MAX_PASS_MS = 500;
/** Batches have at least this many rows, however slow the model is. */
const MIN_ROWS = 256;

/** Rows of a pass that is expected to take so many milliseconds. */
function rowsWithin({ callMs, tokenMs }: CostLine, milliseconds: number): number {
  return Math.max(MIN_ROWS, Math.floor((milliseconds - callMs) / tokenMs));
}

interface LanesSetup {
  readonly options: VerifierOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Recorder;
  readonly tracing: Tracing;
}

/** Opens the lanes of a target's programs. `lost` resolves when the first lane is lost. */
export function openLanes(
  target: Target,
  setup: LanesSetup,
): { readonly lanes: AllLanes; readonly lost: Promise<void> } {
  const { log, options } = setup;
  const { catalogue } = target;
  let reportLoss = () => {};
  const lost = new Promise<void>((resolve) => {
    reportLoss = resolve;
  });
  const usual = ({ program, cost }: OpenProgram) => ({
    limits: limitsOf(options, { program, cost, log }),
    clock: setup.clock,
    costLine: () => cost.line,
    onPass: (pass: Pass & { readonly lane: number }) => {
      cost.observe(pass);
      recordPass(setup, { program, pass });
      tracePass(setup.tracing, { program, pass });
      const { traced: _, ...facts } = pass;
      log.debug({ program, ...facts }, "pass of the model");
    },
    onLost: (error: VerifierError) => {
      log.error({ program, error }, "a model thread is lost; draining, then exiting with 1");
      reportLoss();
    },
  });
  let trees: Lanes | undefined;
  const searches = new Map<SearchProgram, SearchLanes>();
  for (const opened of target.programs) {
    if (opened.program === "tree-scores") {
      const { workers } = opened;
      const keepsPrompts = options.promptCache > 0;
      trees = new Lanes({ ...usual(opened), workers, probe: smallestCall(target), keepsPrompts });
    } else {
      const { program, workers } = opened;
      const nodesOf = (beamWidth: number) => searchNodes(catalogue.trie, beamWidth);
      const probe = smallestSearch(target);
      searches.set(program, new SearchLanes({ ...usual(opened), workers, probe, nodesOf }));
    }
  }
  return { lanes: new AllLanes({ trees, searches }), lost };
}

function recordPass(
  { metrics, options }: LanesSetup,
  { program, pass }: { program: TargetProgram; pass: Pass & { readonly lane: number } },
): void {
  const seconds = pass.milliseconds / 1e3;
  const device = options.device.kind;
  metrics.record("nightbeam.verifier.batch.calls", pass.calls, { program });
  metrics.record("nightbeam.verifier.batch.rows", pass.tokens, { program });
  metrics.record("nightbeam.verifier.pass.duration", seconds, { program });
  metrics.add("nightbeam.verifier.busy.time", seconds, { program, lane: `${pass.lane}`, device });
}

function limitsOf(
  options: VerifierOptions,
  { program, cost, log }: Pick<OpenProgram, "program" | "cost"> & { log: Log },
) {
  const { maxWaitMs, maxWaitingTokens } = options;
  const tokenBudget = Math.min(options.tokenBudget, rowsWithin(cost.line, MAX_PASS_MS));
  if (tokenBudget < options.tokenBudget) {
    const what = "batches are smaller than --token-budget, so that no client waits long for a pass";
    log.info({ program, tokenBudget, maxPassMs: MAX_PASS_MS }, what);
  }
  return {
    ...{ tokenBudget, maxWaitMs, maxWaitingTokens },
    maxAgeMs: MAX_AGE_MS,
    maxCalls: MAX_CALLS,
    idleMs: CLIENT_IDLE_MS,
    maxKeys: MAX_KEYS,
  };
}
