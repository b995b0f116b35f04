import type { Catalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import type { SearchOutcome, TargetProgram } from "@nightbeam/decoding";
import type { ListSettings } from "@nightbeam/settings";
import { levelsOf, policyOf } from "./models/draft-policy.js";
import { batchesAtOnce, type ModelSettings } from "./models/machine-model.js";
import type { DraftChoice } from "./models/open-drafts.js";
import { openRunModels } from "./models/open-models.js";
import { watchedPolicy } from "./models/watched-policy.js";
import type { EarlierAnswers } from "./reuse/known-answers.js";
import { listQuestions } from "./reuse/list-questions.js";
import { type DecodedRows, decodeRows } from "./shard/decode-rows.js";
import type { ItemWeights } from "./shard/item-order.js";
import { type AcceptingOptions, listDecoders } from "./shard/list-decoders.js";
import type { UserGroups } from "./shard/user-groups.js";
import { userReader } from "./shard/users.js";

/** Groups of rows that are decoded at once: while the last users of one are decoded, the next begins. */
export const GROUPS_AT_ONCE = 2;

/** Settings of what decodes rows on this machine. */
export interface RowsDecoderSettings
  extends Omit<ListSettings, "draft" | "limit" | "device" | "unknownItems">,
    ModelSettings {
  readonly target: string;
  readonly unknownItems: "skip" | "reject";
  readonly draft: readonly DraftChoice[];
  /** Users per call of the target. */
  readonly batchSize: number;
  /** What the target is run for. */
  readonly program: TargetProgram;
}

export interface RowsDecoderContext {
  /** The catalogue that histories are written in. */
  readonly historyCatalogue: Catalogue;
  /** The catalogue that is searched; the same, or a smaller one. */
  readonly searched: Catalogue;
  /** Histories for the drafts that count in them. */
  readonly histories: () => AsyncIterable<readonly HistoryRow[]>;
  /** Items that others propose. Default: none. */
  readonly accepting?: AcceptingOptions | undefined;
  /** Which items of a code path come first. Default: by id. */
  readonly itemWeights?: ItemWeights | undefined;
  /** What users of groups may get. Default: users have no groups. */
  readonly groups?: UserGroups | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Decodes rows of histories with models on this machine. */
export interface RowsDecoder {
  /** Hashes of the target and of the drafts that are models: `target`, `draft`, `draft2`, … */
  readonly modelVersions: Readonly<Record<string, string>>;
  /** Batches that can be in progress at once in each of `GROUPS_AT_ONCE` groups of rows. */
  readonly batchesAtOnce: number;
  /** @throws what decoding throws; the signal's reason */
  decode(rows: readonly HistoryRow[], options: DecodeOptions): Promise<DecodedRows>;
  /** Returns the draft widths that most users had since the last call; undefined without a batch. */
  draftWidths(): readonly number[] | undefined;
  /** Frees the models, once nothing is decoded any more. */
  close(): Promise<void>;
}

export interface DecodeOptions {
  readonly signal: AbortSignal;
  /** Called after each batch. */
  readonly onProgress?: (batch: { users: number; outcomes: readonly SearchOutcome[] }) => void;
  /** Share of the users whose answers of the target are collected. Default: none. */
  readonly teacherSample?: number | undefined;
  /** Users whose searches are recorded. Default: none. */
  readonly sampleSearches?: number | undefined;
  /** Keeps what is found for later runs. Default: false. */
  readonly keepAnswers?: boolean | undefined;
  /** What users may take from an earlier run. Default: all are computed. */
  readonly earlier?: EarlierAnswers | undefined;
  /** Default: `batchesAtOnce`. */
  readonly concurrency?: number;
}

/**
 * Opens the models of a run on this machine.
 *
 * @throws ModelError, DatasetError, RunError, RecommendError, SettingsError; the signal's reason
 */
export async function openRowsDecoder(
  settings: RowsDecoderSettings,
  context: RowsDecoderContext,
): Promise<RowsDecoder> {
  const { historyCatalogue, searched, accepting } = context;
  const watched = watchedPolicy(policyOf(settings, levelsOf(searched)));
  const models = await openRunModels(settings, { ...context, parts: GROUPS_AT_ONCE });
  const { target, draftVersions } = models;
  const decoderFor = listDecoders(
    { ...settings, device: settings.device?.kind },
    {
      catalogue: searched,
      checkpoint: target.hash,
      drafts: models,
      policy: watched.policy,
    },
  );
  const questions = listQuestions(
    { ...settings, device: settings.device?.kind },
    {
      catalogue: searched,
      checkpoint: target.hash,
      program: settings.program,
      hasCandidates: accepting !== undefined,
      hasGroups: context.groups !== undefined,
    },
  );
  const { topK, itemsPerPath, batchSize, excludeSeen, unknownItems } = settings;
  const { encodePrompt, maxPromptTokens, promptLimit } = target;
  const usual = {
    decoder: decoderFor(target.asked, accepting),
    catalogue: searched,
    read: userReader({
      ...{ historyCatalogue, searched, encodePrompt, maxPromptTokens, promptLimit },
      ...{ excludeSeen, unknownItems },
      groups: context.groups,
    }),
    nextKey: counter(),
    topK,
    itemsPerPath,
    itemWeights: context.itemWeights,
    batchSize,
    concurrency: batchesAtOnce(settings),
    onProgress: () => undefined,
  };
  return {
    modelVersions: { target: target.hash, ...draftVersions },
    batchesAtOnce: usual.concurrency,
    decode: (
      rows,
      { sampleSearches: count = 0, keepAnswers: keep = false, earlier, ...options },
    ) => {
      const { beamWidth, program } = settings;
      const searchSample = count === 0 ? undefined : { count, beamWidth, program };
      const answers =
        questions === undefined || !(keep || earlier !== undefined)
          ? undefined
          : { questions, keep, earlier };
      return decodeRows(rows, { ...usual, ...options, searchSample, answers });
    },
    draftWidths: () => watched.lap(),
    close: () => models.close(),
  };
}

function counter(): () => number {
  let next = 0;
  return () => next++;
}
