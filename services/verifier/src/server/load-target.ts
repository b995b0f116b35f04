import type { Catalogue } from "@nightbeam/catalogue";
import { openCatalogue } from "@nightbeam/dataset";
import type { SearchProgram, TargetProgram } from "@nightbeam/decoding";
import {
  deviceName,
  type Model,
  openModel,
  openSearcher,
  type ScorerThread,
  type SearcherThread,
  searchedCatalogue,
} from "@nightbeam/model";
import { CostTracker, cacheDirectory, describeLine } from "@nightbeam/recommend";
import { type Clock, within } from "@nightbeam/service";
import type { Closers } from "@nightbeam/service/lifecycle";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { searchCalls, treeCalls } from "../cost/made-up-calls.js";
import { measureCost, type TimedCall } from "../cost/measure-cost.js";
import type { VerifierOptions } from "../options/options.js";

/** What a verifier serves. */
export interface Target {
  /** As it is searched. */
  readonly catalogue: Catalogue;
  readonly model: TargetModel;
  /** In the order of `TARGET_PROGRAMS`; at least one. */
  readonly programs: readonly OpenProgram[];
}

/** What is the same for all programs of a target. */
type TargetModel = Pick<
  Model,
  "encodePrompt" | "maxPromptTokens" | "vocabularySize" | "hash" | "close"
>;

/** A program on its worker threads. */
export type OpenProgram = ProgramThreads & { readonly cost: CostTracker };

type ProgramThreads =
  | { readonly program: "tree-scores"; readonly workers: readonly ScorerThread[] }
  | { readonly program: SearchProgram; readonly workers: readonly SearcherThread[] };

/** How long a model may take to end its pass and free its memory. After that the exit of the process does. */
const CLOSE_MS = 10_000;

interface Loading {
  readonly log: Log;
  readonly clock: Clock;
  readonly closers: Closers;
}

/**
 * Loads catalogue and model, once per program, and measures the cost of a call of each.
 *
 * @throws DatasetError, ModelError
 */
export async function loadTarget(options: VerifierOptions, loading: Loading): Promise<Target> {
  const { log } = loading;
  const { target, device, precision, scoring, programs, workers, threads } = options;
  const settings = { precision, scoring, programs, workers, threads };
  log.info(
    { target, catalogue: options.catalogue, device: deviceName(device), ...settings },
    "loading catalogue and target",
  );
  const historyCatalogue = await openCatalogue(options.catalogue);
  const catalogue = await searchedCatalogue(historyCatalogue, { directory: target, scoring });
  const opened: (OpenProgram & { readonly model: TargetModel })[] = [];
  for (const program of programs) {
    opened.push(await loadProgram({ program, catalogue, historyCatalogue, options }, loading));
  }
  const [first] = opened;
  if (first === undefined) throw new Error("no program is opened");
  return { catalogue, model: first.model, programs: opened };
}

interface ProgramToLoad {
  readonly program: TargetProgram;
  readonly catalogue: Catalogue;
  readonly historyCatalogue: Catalogue;
  readonly options: VerifierOptions;
}

async function loadProgram(
  loaded: ProgramToLoad,
  { log, clock, closers }: Loading,
): Promise<OpenProgram & { readonly model: TargetModel }> {
  const { program, catalogue, options } = loaded;
  const startedAt = clock.now();
  const { model, threads, calls } = await openProgram(loaded);
  closers.add(`model (${program})`, () => closeModel(model, clock));
  const loadMs = Math.round(clock.now() - startedAt);
  const { hash: modelHash, maxPromptTokens } = model;
  const { hash: catalogueHash, itemCount } = catalogue;
  const facts = { program, modelHash, catalogueHash, itemCount, maxPromptTokens, loadMs };
  log.info(facts, "target is loaded");
  try {
    const line = await measureCost({ calls, clock, maxTokens: options.tokenBudget });
    log.info({ program, ...line, words: describeLine(line) }, "cost is measured");
    return { ...threads, model, cost: new CostTracker(line) };
  } catch (error) {
    const reason = reasonOf(error);
    log.error({ program, reason }, "the target was loaded but cannot be run");
    throw error;
  }
}

/** Opens the target for a program, and makes up calls to time. */
async function openProgram({
  program,
  catalogue,
  historyCatalogue,
  options,
}: ProgramToLoad): Promise<{
  readonly model: TargetModel;
  readonly threads: ProgramThreads;
  readonly calls: readonly TimedCall[];
}> {
  const { target, device, precision, scoring, workers, threads } = options;
  const settings = {
    ...{ device, precision, scoring, workers, threads },
    directory: target,
    catalogue,
    historyCatalogue,
    cacheDirectory: cacheDirectory(),
  };
  switch (program) {
    case "tree-scores": {
      const model = await openModel({ ...settings, cacheBytes: options.promptCache * 2 ** 30 });
      const calls = treeCalls({ model, catalogue }, firstOf(model.workers));
      return { model, threads: { program, workers: model.workers }, calls };
    }
    case "beam-search":
    case "verify-tree": {
      const model = await openSearcher({ ...settings, program });
      const calls = searchCalls({ model, catalogue }, firstOf(model.workers));
      return { model, threads: { program, workers: model.workers }, calls };
    }
    default:
      return program satisfies never;
  }
}

function firstOf<Thread>([worker]: readonly Thread[]): Thread {
  if (worker === undefined) throw new Error("the model has no worker threads");
  return worker;
}

/** Closes a model. @throws Error if that takes too long */
export async function closeModel(model: Pick<Model, "close">, clock: Clock): Promise<void> {
  const closing = model.close();
  if (!(await within(closing, { ms: CLOSE_MS, clock }))) throw new Error("it takes too long");
  await closing;
}
