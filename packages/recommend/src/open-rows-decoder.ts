import type { Catalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import {
  type BatchDecoder,
  type CandidateOptions,
  candidateDecoder,
  fixedWidths,
  type SearchOutcome,
  speculativeDecoder,
} from "@nightbeam/decoding";
import { answersHash } from "@nightbeam/model";
import { dependsOnDraft, type ListSettings, verificationOf } from "@nightbeam/settings";
import { batchesAtOnce, type ModelSettings } from "./models/cpu-model.js";
import { draftPolicy } from "./models/draft-policy.js";
import type { DraftChoice } from "./models/open-drafts.js";
import { type OpenModels, openModels } from "./models/open-models.js";
import { type DecodedRows, decodeRows } from "./shard/decode-rows.js";
import { userReader } from "./shard/users.js";

/** Groups of rows that are decoded at once: while the last users of one are decoded, the next begins. */
export const GROUPS_AT_ONCE = 2;

/** Settings of what decodes rows on this machine. */
export interface RowsDecoderSettings extends Omit<ListSettings, "draft" | "limit">, ModelSettings {
  readonly target: string;
  readonly draft: readonly DraftChoice[];
  /** Users per call of the target. */
  readonly batchSize: number;
}

export interface RowsDecoderContext {
  /** The catalogue that histories are written in. */
  readonly known: Catalogue;
  /** The catalogue that is searched; the same, or a smaller one. */
  readonly searched: Catalogue;
  /** What transitions are counted in. */
  readonly histories: () => AsyncIterable<readonly HistoryRow[]>;
  /** Items that others propose. Default: none. */
  readonly accepting?: Pick<CandidateOptions, "candidatesFor" | "threshold" | "places"> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Decodes rows of histories with models on this machine. */
export interface RowsDecoder {
  /** Hashes of the target and of the drafts that are models: `target`, `draft`, `draft2`, … */
  readonly modelVersions: Readonly<Record<string, string>>;
  /** Batches that can be under way at once in each of `GROUPS_AT_ONCE` groups of rows. */
  readonly batchesAtOnce: number;
  /** @throws what decoding throws; the signal's reason */
  decode(rows: readonly HistoryRow[], options: DecodeOptions): Promise<DecodedRows>;
  /** Frees the models, once nothing is decoded any more. */
  close(): Promise<void>;
}

export interface DecodeOptions {
  readonly signal: AbortSignal;
  /** Called after each batch. */
  readonly onProgress?: (batch: { users: number; outcomes: readonly SearchOutcome[] }) => void;
  /** Share of the users whose answers of the target are collected. Default: none. */
  readonly teacherSample?: number | undefined;
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
  const { known, searched } = context;
  const policy = policyOf(settings, searched);
  const models = await openModels(settings, { ...context, parts: GROUPS_AT_ONCE });
  const { target, draftVersions } = models;
  const { topK, batchSize, excludeSeen } = settings;
  const { encodePrompt, maxPromptTokens } = target;
  const usual = {
    decoder: batchDecoder(settings, { ...context, models, policy }),
    catalogue: searched,
    read: userReader({ known, searched, encodePrompt, maxPromptTokens, excludeSeen }),
    nextKey: counter(),
    topK,
    batchSize,
    concurrency: batchesAtOnce(settings),
    onProgress: () => undefined,
  };
  return {
    modelVersions: { target: target.hash, ...draftVersions },
    batchesAtOnce: usual.concurrency,
    decode: (rows, options) => decodeRows(rows, { ...usual, ...options }),
    close: () => models.close(),
  };
}

function policyOf({ draft, draftWidth, beamWidth }: RowsDecoderSettings, searched: Catalogue) {
  if (draft.length === 0) return fixedWidths([]);
  return draftPolicy(draftWidth, { beamWidth, levels: searched.trie.levels });
}

function batchDecoder(
  settings: RowsDecoderSettings,
  parts: Pick<RowsDecoderContext, "searched" | "accepting"> & {
    models: OpenModels;
    policy: ReturnType<typeof policyOf>;
  },
): BatchDecoder {
  const { scoring, beamWidth, precision } = settings;
  const { models, policy, searched, accepting } = parts;
  const { target, drafter, draftVersions } = models;
  const search = {
    target: target.scorer,
    drafter,
    policy,
    space: { trie: searched.trie, scoring },
    beamWidth,
    verification: verificationOf(settings),
    versions: {
      // Only relaxed lists depend on the draft.
      ...(dependsOnDraft(settings) ? draftVersions : {}),
      target: answersHash({ checkpoint: target.hash, precision }),
      catalogue: searched.hash,
    },
  };
  return accepting === undefined
    ? speculativeDecoder(search)
    : candidateDecoder({ ...search, ...accepting });
}

function counter(): () => number {
  let next = 0;
  return () => next++;
}
