import type { Searcher } from "@nightbeam/decoding";
import { openCheckpoint } from "./checkpoint/checkpoint.js";
import { refuseLevelHeads } from "./checkpoint/level-heads.js";
import { loadModel, type ModelOptions } from "./load-model.js";
import type { Model } from "./open-model.js";
import type { SearchProgramName } from "./programs/program.js";

/** A model that is loaded and ready to run whole searches. */
export interface SearcherModel extends Pick<Model, "encodePrompt" | "maxPromptTokens" | "hash"> {
  readonly searcher: Searcher;
  close(): Promise<void>;
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
  const { pool, prompts, hash } = loaded;
  return {
    searcher: {
      search: async (requests, { beamWidth }) => {
        try {
          return await pool.run(requests.map((request) => ({ ...request, beamWidth })));
        } finally {
          pool.release(requests.map(({ key }) => key));
        }
      },
    },
    encodePrompt: prompts.encodePrompt,
    maxPromptTokens: prompts.maxPromptTokens,
    hash,
    close: () => pool.close(),
  };
}
