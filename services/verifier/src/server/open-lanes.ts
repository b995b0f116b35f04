import type { Clock } from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import { smallestCall } from "../cost/measure-cost.js";
import { Lanes } from "../lanes/lanes.js";
import type { VerifierOptions } from "../options/options.js";
import type { Target } from "./load-target.js";

/** Milliseconds after which a call goes before younger ones, whatever they are. */
const MAX_AGE_MS = 500;
/** Calls that may wait or run. */
const MAX_CALLS = 4_096;
/** Milliseconds after which a client that sent nothing is forgotten. */
const CLIENT_IDLE_MS = 60_000;
/** Keys whose lane is remembered; some hundred bytes each. */
const MAX_KEYS = 500_000;

/** The lanes over a loaded target, and word of the first that is lost. */
export function openLanes(
  { model, catalogue, cost }: Target,
  { options, clock, log }: { options: VerifierOptions; clock: Clock; log: Log },
): { readonly lanes: Lanes; readonly lost: Promise<void> } {
  const { tokenBudget, maxWaitMs, maxWaitingTokens, promptCache } = options;
  let tell = () => {};
  const lost = new Promise<void>((resolve) => {
    tell = resolve;
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
      log.error({ error }, "a model thread is lost; this verifier drains and exits with 1");
      tell();
    },
  });
  return { lanes, lost };
}
