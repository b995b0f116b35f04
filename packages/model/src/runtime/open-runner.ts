import { decodePrepared } from "@nightbeam/catalogue";
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { isQuantized } from "../checkpoint/convert.js";
import { numbersOf } from "../checkpoint/precision.js";
import { beamSearch } from "../programs/beam-search.js";
import { buildGraph, buildTreeGraph, type GraphOptions } from "../programs/build-graph.js";
import { levelHeads } from "../programs/level-heads.js";
import type {
  Answered,
  AnswerOf,
  Program,
  ProgramName,
  ProgramSetup,
  PromptRequest,
  RequestOf,
} from "../programs/program.js";
import type { SearchSetup } from "../programs/search/search-context.js";
import type { SearchProgram } from "../programs/search/search-program.js";
import { maxChildrenOf } from "../programs/search/trie-tensors.js";
import { treeScores } from "../programs/tree-scores.js";
import { verifyTree } from "../programs/verify-tree.js";
import { exactByteWeights } from "./exact-byte-weights.js";
import { learnStart } from "./learn-start.js";
import type { WorkerSetup } from "./messages.js";
import { ModelRunner } from "./model-runner.js";
import type { Runner } from "./runner.js";
import { SearchRunner } from "./search-runner.js";
import { openSession } from "./session.js";

/** What the runners of a thread are opened with. */
type RunnerSetup = WorkerSetup & ProgramSetup & GraphOptions;

type Openers = {
  readonly [Name in ProgramName]: (
    setup: RunnerSetup,
  ) => Promise<Runner<RequestOf<Name>, AnswerOf<Name>>>;
};

const OPENERS: Openers = {
  "tree-scores": (setup) => openTreeRunner(treeScores(setup), setup),
  "level-heads": (setup) => openTreeRunner(levelHeads(setup), setup),
  "beam-search": (setup) => openSearchRunner(beamSearch, setup),
  "verify-tree": (setup) => openSearchRunner(verifyTree, setup),
};

/** Loads a model and what it is run for. @throws ModelError */
export async function openRunner<Name extends ProgramName>(
  setup: WorkerSetup<Name>,
): Promise<Runner<RequestOf<Name>, AnswerOf<Name>>> {
  const { config, tensors } = await openCheckpoint(setup.directory);
  const { trie } = decodePrepared(setup.catalogue, { verify: false });
  return OPENERS[setup.program]({
    ...setup,
    architecture: config.architecture,
    tensors,
    trie,
    levels: trie.levels,
    numbers: numbersOf(tensors),
    onDevice: setup.device.kind !== "cpu",
    byteWeights: isQuantized({ tensors }) ? await exactByteWeights(setup) : "int8",
  });
}

async function openTreeRunner<Request extends PromptRequest, Result extends object>(
  program: Program<Request, Result>,
  setup: RunnerSetup,
): Promise<Runner<Request, Answered<Result>>> {
  const hasStart = setup.start !== undefined;
  const open = (cached: boolean) =>
    openSession(buildTreeGraph({ ...setup, program, cached, hasStart }), setup);
  const full = await open(false);
  try {
    const start =
      setup.start === undefined
        ? undefined
        : await learnStart(setup.start, { ...setup, program, full });
    const cached = setup.cacheBytes > 0 ? await open(true) : undefined;
    return new ModelRunner({ ...setup, program, full, cached, start });
  } catch (error) {
    await full.release();
    throw error;
  }
}

async function openSearchRunner(
  open: (setup: SearchSetup) => SearchProgram,
  setup: RunnerSetup,
): Promise<SearchRunner> {
  const search = { ...setup, maxChildren: maxChildrenOf(setup.trie) };
  const program = open(search);
  const session = await openSession(buildGraph(setup, program.build), setup);
  return new SearchRunner({ ...search, program, session });
}
