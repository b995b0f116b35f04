import type { Catalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import type { BatchDecoder, DraftPolicy, TargetProgram } from "@nightbeam/decoding";
import {
  answersHash,
  checkpointHash,
  openCheckpoint,
  openPrompts,
  type Prompts,
} from "@nightbeam/model";
import { VerifierClient, type VerifierDirectory } from "@nightbeam/protocol";
import {
  batchesAtOnce,
  chooseProgram,
  listDecoders,
  openDrafts,
  openRunModels,
  type ParsedRecommenderSettings,
} from "@nightbeam/recommend";
import type { TlsBytes } from "@nightbeam/service";
import type { Closers } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import type { Recorder, Tracing } from "@nightbeam/telemetry";

/** The target, on this machine or at verifiers. */
export interface TargetSide
  extends Pick<Prompts, "encodePrompt" | "maxPromptTokens" | "promptLimit"> {
  /** Hash of the target's checkpoint. */
  readonly checkpoint: string;
  readonly program: TargetProgram;
  /** Batches in progress at once that keep the target busy. */
  readonly batchesAtOnce: number;
  /** Makes the decoder of a batch. It calls no verifier after the signal or the deadline, in epoch milliseconds. */
  decoder(batch: { readonly signal: AbortSignal; readonly deadline: number }): BatchDecoder;
  /** Waits until the target takes calls. @throws ProtocolError NO_VERIFIER; the signal's reason */
  ready(options: { readonly signal: AbortSignal; readonly withinMs: number }): Promise<void>;
}

export interface TargetContext {
  readonly settings: ParsedRecommenderSettings;
  readonly historyCatalogue: Catalogue;
  readonly searched: Catalogue;
  readonly histories: () => AsyncIterable<readonly HistoryRow[]>;
  readonly policy: DraftPolicy;
  readonly closers: Closers;
}

/** Batches at verifiers per known one, in addition to those that are drafted and searched here. */
const BATCHES_PER_VERIFIER = 2;
const OWN_BATCHES = 2;
/** Models have queues of their own, in calls; a batch here never waits for more than these. */
const PARTS = 2;

/** Opens the target on this machine. @throws ModelError, DatasetError, RunError, RecommendError, SettingsError */
export async function openLocalTarget(context: TargetContext): Promise<TargetSide> {
  const { settings, searched, policy, closers } = context;
  const device = settings.device.kind;
  const { program } = chooseProgram({ settings, programs: undefined, device, trie: searched.trie });
  const models = await openRunModels({ ...settings, program }, { ...context, parts: PARTS });
  closers.add("models", () => models.close());
  const { target } = models;
  const decoder = listDecoders(
    { ...settings, device },
    { catalogue: searched, checkpoint: target.hash, drafts: models, policy },
  )(target.asked);
  return {
    ...target,
    program,
    checkpoint: target.hash,
    batchesAtOnce: batchesAtOnce(settings),
    decoder: () => decoder,
    ready: async () => undefined,
  };
}

export interface RemoteContext extends TargetContext {
  readonly verifiers: VerifierDirectory;
  readonly tls: TlsBytes | undefined;
  readonly recorder: Recorder;
  readonly tracing: Tracing;
  readonly log: Log;
}

/** Connects to verifiers. The target is not loaded: only its prompt format is needed. @throws as `openLocalTarget` */
export async function openRemoteTarget(context: RemoteContext): Promise<TargetSide> {
  const { settings, historyCatalogue: catalogue, searched, policy, closers, verifiers } = context;
  const { target: directory, scoring, precision } = settings;
  const device = settings.device.kind;
  const prompts = await openPrompts({ directory, catalogue });
  const checkpoint = await checkpointHash(await openCheckpoint(directory));
  const { program } = chooseProgram({ settings, programs: undefined, device, trie: searched.trie });
  const drafts = await openDrafts(program === "beam-search" ? [] : settings.draft, {
    ...context,
    target: prompts,
    parts: PARTS * (OWN_BATCHES + BATCHES_PER_VERIFIER),
    // Drafts run here, on the processor.
    settings: {
      scoring,
      precision: "fp32",
      workers: settings.workers,
      promptCache: settings.promptCache,
    },
  });
  closers.add("drafts", () => drafts.close());
  const decoderFor = listDecoders(
    { ...settings, device },
    { catalogue: searched, checkpoint, drafts, policy },
  );
  const { tls, log, recorder, tracing } = context;
  const client = new VerifierClient({
    directory: verifiers,
    trie: searched.trie,
    target: answersHash({ checkpoint, precision, device }),
    catalogue: searched.hash,
    ...{ scoring, program, log, recorder, tracing },
    ...(tls === undefined ? {} : { tls }),
  });
  closers.add("connections to verifiers", () => client.close());
  return {
    ...prompts,
    checkpoint,
    program,
    get batchesAtOnce() {
      return OWN_BATCHES + BATCHES_PER_VERIFIER * Math.max(1, verifiers.endpoints.length);
    },
    decoder: (batch) =>
      decoderFor(
        program === "tree-scores"
          ? { program, scorer: client.scorer(batch) }
          : { program, searcher: client.searcher(batch) },
      ),
    ready: (options) => client.ready(options),
  };
}
