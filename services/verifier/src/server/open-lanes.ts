import type { Clock } from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import { smallestCall } from "../cost/measure-cost.js";
import { Lanes } from "../lanes/lanes.js";
import type { VerifierOptions } from "../options/options.js";
import type { Target } from "./load-target.js";

/** Milliseconds after which a call precedes all younger ones. */
const MAX_AGE_MS = 500;
/** Maximum of calls that wait or run. */
const MAX_CALLS = 4_096;
/** Milliseconds without a call after which a client is forgotten. */
const CLIENT_IDLE_MS = 60_000;
/** Maximum of keys whose lane is remembered; about a hundred bytes each. */
const MAX_KEYS = 500_000;

/** Opens the lanes of a target. `lost` resolves when the first lane is lost. */
export function openLanes(
  { model, catalogue, cost }: Target,
  { options, clock, log }: { options: VerifierOptions; clock: Clock; log: Log },
): { readonly lanes: Lanes; readonly lost: Promise<void> } {
  const { tokenBudget, maxWaitMs, maxWaitingTokens, promptCache } = options;
  let reportLoss = () => {};
  const lost = new Promise<void>((resolve) => {
    reportLoss = resolve;
  });
  const lanes = new Lanes({
    workers: model.workers,
    limits: {
      tokenBudget,
      maxWaitMs,
      maxWaitingTokens,
      maxAgeMs: MAX_AGE_MS,
      maxCalls: MAX_CALLS,
      idleMs: CLIENT_IDLE_MS,
      maxKeys: MAX_KEYS,
    },
    clock,
    costLine: () => cost.line,
    onPass: (pass) => {
      cost.observe(pass);
      log.debug(pass, "pass of the model");
    },
    probe: smallestCall({ model, catalogue }),
    keepsPrompts: promptCache > 0,
    onLost: (error) => {
      log.error({ error }, "a model thread is lost; draining, then exiting with 1");
      reportLoss();
    },
  });
  return { lanes, lost };
}
