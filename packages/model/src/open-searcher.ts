import type { Searcher } from "@nightbeam/decoding";
import { openCheckpoint } from "./checkpoint/checkpoint.js";
import { refuseLevelHeads } from "./checkpoint/level-heads.js";
import { loadModel, type ModelOptions } from "./load-model.js";
import type { Model } from "./open-model.js";
import type { AnswerOf, SearchProgramName, WholeSearch } from "./programs/program.js";
import type { ModelPool } from "./runtime/model-pool.js";

/** A model that is loaded and ready to run whole searches. */
export interface SearcherModel
  extends Pick<
    Model,
    "encodePrompt" | "maxPromptTokens" | "promptLimit" | "vocabularySize" | "hash"
  > {
  /** All threads, with one queue. */
  readonly searcher: Searcher;
  /** The same threads one by one, for callers that share out the work themselves. */
  readonly workers: readonly SearcherThread[];
  close(): Promise<void>;
}

/** One thread of a model that runs whole searches. */
export interface SearcherThread extends Searcher {
  /** Whether it takes calls. */
  readonly isOpen: boolean;
}

export interface SearcherOptions extends Omit<ModelOptions, "cacheBytes"> {
  /** `verify-tree` looks at what requests have drafted, `beam-search` does not. Default: beam-search. */
  readonly program?: SearchProgramName;
}

/**
 * Loads a checkpoint for whole beam searches, each in one run of the model. Nothing is kept between calls.
 *
 * @throws ModelError; UNSUPPORTED for a heads draft
 */
export async function openSearcher(options: SearcherOptions): Promise<SearcherModel> {
  const checkpoint = await openCheckpoint(options.directory);
  refuseLevelHeads(options.directory, checkpoint.config);
  const { program = "beam-search" } = options;
  const loaded = await loadModel(checkpoint, { ...options, cacheBytes: 0, program });
  const { pool, workers, prompts, hash } = loaded;
  return {
    searcher: searcherOver(pool),
    workers: workers.map((worker) => ({
      ...searcherOver(worker),
      get isOpen() {
        return worker.isOpen;
      },
    })),
    encodePrompt: prompts.encodePrompt,
    maxPromptTokens: prompts.maxPromptTokens,
    promptLimit: prompts.promptLimit,
    vocabularySize: checkpoint.config.architecture.vocabularySize,
    hash,
    close: () => pool.close(),
  };
}

function searcherOver(
  runner: Pick<ModelPool<WholeSearch, AnswerOf<"beam-search">>, "run" | "release">,
): Searcher {
  return {
    search: async (requests, { beamWidth }) => {
      try {
        return await runner.run(requests.map((request) => ({ ...request, beamWidth })));
      } finally {
        runner.release(requests.map(({ key }) => key));
      }
    },
  };
}
