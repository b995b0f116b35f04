import type { Catalogue } from "@nightbeam/catalogue";
import { openCatalogue } from "@nightbeam/dataset";
import { deviceName, type Model, openModel } from "@nightbeam/model";
import { cacheDirectory } from "@nightbeam/recommend";
import { type Clock, within } from "@nightbeam/service";
import type { Closers } from "@nightbeam/service/lifecycle";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { CostTracker, describeLine } from "../cost/cost-tracker.js";
import { measureCost } from "../cost/measure-cost.js";
import type { VerifierOptions } from "../options/options.js";

/** What a verifier serves. */
export interface Target {
  readonly catalogue: Catalogue;
  readonly model: Model;
  readonly cost: CostTracker;
}

/** How long a model may take to end its pass and free its memory. After that the exit of the process does. */
const CLOSE_MS = 10_000;

/**
 * Loads catalogue and model, and measures the cost of a call.
 *
 * @throws DatasetError, ModelError
 */
export async function loadTarget(
  options: VerifierOptions,
  { log, clock, closers }: { readonly log: Log; readonly clock: Clock; readonly closers: Closers },
): Promise<Target> {
  const { target, device, precision, scoring, workers, threads } = options;
  const settings = { precision, scoring, workers, threads };
  log.info(
    { target, catalogue: options.catalogue, device: deviceName(device), ...settings },
    "loading catalogue and target",
  );
  const startedAt = clock.now();
  const catalogue = await openCatalogue(options.catalogue);
  const model = await openModel({
    ...settings,
    device,
    directory: target,
    catalogue,
    cacheDirectory: cacheDirectory(),
    cacheBytes: options.promptCache * 2 ** 30,
  });
  closers.add("model", () => closeModel(model, clock));
  const loadMs = Math.round(clock.now() - startedAt);
  const { hash: modelHash, maxPromptTokens } = model;
  const { hash: catalogueHash, itemCount } = catalogue;
  log.info({ modelHash, catalogueHash, itemCount, maxPromptTokens, loadMs }, "target is loaded");
  try {
    const [worker] = model.workers;
    if (worker === undefined) throw new Error("the model has no worker threads");
    const maxTokens = options.tokenBudget;
    const line = await measureCost({ scorer: worker, model, catalogue, clock, maxTokens });
    log.info({ ...line, words: describeLine(line) }, "cost is measured");
    return { catalogue, model, cost: new CostTracker(line) };
  } catch (error) {
    log.error({ reason: reasonOf(error) }, "the target was loaded but cannot be run");
    throw error;
  }
}

/** Closes a model. @throws Error if that takes too long */
export async function closeModel(model: Pick<Model, "close">, clock: Clock): Promise<void> {
  const closing = model.close();
  if (!(await within(closing, { ms: CLOSE_MS, clock }))) throw new Error("it takes too long");
  await closing;
}
