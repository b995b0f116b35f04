import type { Catalogue } from "@nightbeam/catalogue";
import { type Control, combineDirectories, staticVerifiers } from "@nightbeam/control";
import { openHistories } from "@nightbeam/dataset";
import { promptColumns } from "@nightbeam/model";
import type { VerifierDirectory } from "@nightbeam/protocol";
import {
  type ParsedRecommenderSettings,
  parseRecommenderSettings,
  workersNote,
} from "@nightbeam/recommend";
import { RunError } from "@nightbeam/run";
import {
  type Clock,
  formatHostPort,
  readTls,
  readVersion,
  systemClock,
  type TlsBytes,
} from "@nightbeam/service";
import { listen } from "@nightbeam/service/http";
import { type Closers, loggedClosers, openWith } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import { exportMetrics, type Metrics, openTracing, type Tracing } from "@nightbeam/telemetry";
import { batchDecoding, measureBatches } from "./batching/measure-batches.js";
import { MicroBatcher } from "./batching/micro-batcher.js";
import { type ListEngine, openListEngine } from "./engine/list-engine.js";
import { ServerError } from "./errors.js";
import { serveGrpc } from "./grpc/serve-grpc.js";
import { HistoryIndex } from "./histories/history-index.js";
import type { HistorySource } from "./histories/history-source.js";
import { openRedisHistories } from "./histories/redis-histories.js";
import { httpApp } from "./http/app.js";
import { type NightAnswers, openNightAnswers } from "./lists/night-answers.js";
import { openNightLists } from "./lists/night-lists.js";
import type { ServerOptions } from "./options/options.js";
import { Recommendations, type RecommendationsOptions } from "./recommending/recommendations.js";
import { type RunningServer, ServerService } from "./server-service.js";
import { tokenCheck } from "./token-check.js";

export interface ServerDeps {
  readonly log: Log;
  /** Finds verifiers. Not closed here. */
  readonly control?: Control;
  readonly clock?: Clock;
}

interface Setup {
  readonly options: ServerOptions;
  readonly settings: ParsedRecommenderSettings;
  readonly deps: ServerDeps;
  readonly clock: Clock;
  readonly closers: Closers;
  readonly tls: TlsBytes | undefined;
  readonly version: string;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}

/** How long the start waits for a verifier. */
const VERIFIER_MS = 60_000;

/**
 * Opens the target, the draft, histories and lists, measures batches, and serves.
 *
 * @throws SettingsError BAD_SETTINGS, BAD_DRAFT; UsageError BAD_OPTION; CatalogueError, DatasetError, ModelError,
 * RecommendError, RunError about the files; QueueError REDIS_UNREACHABLE; ProtocolError NO_VERIFIER
 * @public to run a server in your own process
 */
export async function startServer(
  options: ServerOptions,
  deps: ServerDeps,
): Promise<RunningServer> {
  const { log, clock = systemClock } = deps;
  const settings = parseRecommenderSettings(options.settings);
  const version = await readVersion(new URL("../package.json", import.meta.url));
  const tls = await readTls(options, log);
  return openWith(loggedClosers(log), async (closers) => {
    const { metricsListen, name: node } = options;
    const metrics = await exportMetrics({
      service: "server",
      ...{ version, metricsListen, log, closers },
    });
    const tracing = await openTracing({ service: "server", ...{ version, node, log, closers } });
    return open({ options, settings, deps, clock, closers, tls, version, metrics, tracing });
  });
}

async function open(setup: Setup): Promise<RunningServer> {
  const { options, closers, clock, tls, version, tracing, deps } = setup;
  const { log } = deps;
  const { token, graceMs, listen: address, grpcListen } = options;
  let service: ServerService | undefined;
  let recommendations: Recommendations | undefined;
  const recommend: Recommendations["recommend"] = async (request, caller) => {
    if (recommendations !== undefined) return recommendations.recommend(request, caller);
    throw new ServerError("STARTING", "The server is starting: retry later, or ask another one.");
  };
  const notReady = () => {
    if (service === undefined) return ["the server is starting"];
    return service.isDraining ? ["the server is draining"] : [];
  };
  // Serves from the beginning, so that a probe sees that the start takes long.
  const requests = { recommendations: { recommend }, checkToken: tokenCheck(token), tracing, log };
  const isSecured = token !== undefined;
  const app = httpApp({ ...requests, notReady, isSecured, version });
  const http = await listen({ service: "server", app, tls, ...address });
  closers.add("HTTP server", () => http.close(0));
  const { engine, batcher, opened } = await openLists(setup);
  recommendations = opened;
  const grpc = grpcListen && (await serveGrpc({ ...requests, address: grpcListen, tls }));
  if (grpc) closers.add("gRPC server", () => grpc.close());
  const grpcUrl = grpc && `grpc://${formatHostPort({ ...grpcListen, port: grpc.port })}`;
  const servers = [http, ...(grpc ? [{ close: grpc.drain }] : [])];
  const { topK, maxTopK } = engine;
  const { url } = http;
  service = new ServerService({ url, grpcUrl, servers, batcher, closers, clock, log, graceMs });
  log.info({ url, grpcUrl, topK, maxTopK }, "server is serving");
  return service;
}

/** Opens what answers requests. */
async function openLists(setup: Setup) {
  const { options, settings, deps, clock, closers, tls, metrics, tracing } = setup;
  const { log } = deps;
  const { latencyMs, maxWaitMs, deadlineMs, userGroups } = options;
  const { batchSize } = settings;
  const verifiers = verifiersOf(setup);
  const note = verifiers === undefined ? workersNote(settings) : undefined;
  if (note !== undefined) log.warn({}, note);
  const engine = await openListEngine({
    ...{ settings, closers, userGroups },
    histories: () => storedRows(setup),
    remote: verifiers && { verifiers, tls, log, tracing, recorder: metrics },
  });
  const { target } = engine;
  await target.ready({ signal: new AbortController().signal, withinMs: VERIFIER_MS });
  const histories = await historiesOf(setup, engine.historyCatalogue);
  const night = await nightOf(setup, engine);
  const decode = batchDecoding(target, clock);
  const cost = await measureBatches({ engine, decode, batchSize, clock, log });
  const batcher = new MicroBatcher({
    ...{ decode, cost, latencyMs, maxWaitMs, batchSize, clock },
    tokensOf: (promptTokens) => engine.tokensOf(promptTokens),
    batchesAtOnce: () => target.batchesAtOnce,
    onBatch: ({ users }) => metrics.record("nightbeam.server.batch.users", users),
  });
  metrics.observe((set) => {
    set("nightbeam.server.users", batcher.waiting, { state: "waiting" });
    set("nightbeam.server.users", batcher.running, { state: "running" });
  });
  const opened = new Recommendations({
    ...{ engine, batcher, histories, ...night, deadlineMs, clock, recorder: metrics },
    isDrawn: (settings.verification ?? "strict") !== "strict",
  });
  return { engine, batcher, opened };
}

/** The verifiers to ask. Undefined: the target is loaded here. */
function verifiersOf({ options, deps, closers }: Setup): VerifierDirectory | undefined {
  const { verifiers } = options;
  const { control } = deps;
  if (verifiers === undefined && control === undefined) return undefined;
  const known = staticVerifiers(verifiers ?? "");
  if (control === undefined) return known;
  const live = control.watchNodes("verifier");
  closers.add("list of verifiers", () => live.close());
  return combineDirectories([live, known]);
}

/** The rows of the histories' files; none without files. */
async function* storedRows({ options, settings }: Setup) {
  const { histories: path, columns, target } = settings;
  if (path === undefined) return;
  const { duplicateUsers } = options;
  const texts = await promptColumns(target);
  const histories = await openHistories({ path, columns, texts, duplicateUsers });
  try {
    yield* histories.read();
  } finally {
    await histories.close();
  }
}

/** @throws DatasetError; QueueError REDIS_UNREACHABLE; UsageError BAD_OPTION */
async function historiesOf(setup: Setup, catalogue: Catalogue): Promise<HistorySource | undefined> {
  const { options, settings, deps, closers, tls } = setup;
  const { historiesRedis: url, historiesPrefix: prefix } = options;
  const { log } = deps;
  if (url !== undefined) return openRedisHistories({ url, prefix, tls, log, closers });
  if (settings.histories === undefined) return undefined;
  const index = new HistoryIndex(catalogue);
  for await (const rows of storedRows(setup)) index.add(rows);
  log.info({ users: index.size }, "histories are loaded");
  return index;
}

/**
 * The last night's lists, and what its searches found, if lists are questions' answers and the run kept them.
 *
 * @throws RunError, DatasetError, StoreError
 */
async function nightOf(
  { options, deps }: Setup,
  { catalogue, compared, questions }: ListEngine,
): Promise<Pick<RecommendationsOptions, "lists" | "answers">> {
  const { lists: run } = options;
  const { log } = deps;
  if (run === undefined) return { lists: undefined, answers: undefined };
  const lists = await openNightLists(run, catalogue);
  let answers: NightAnswers | undefined;
  try {
    if (questions) answers = await openNightAnswers(run, { questions, catalogue, compared });
  } catch (error) {
    if (!(error instanceof RunError) || error.code !== "NOT_REUSABLE") throw error;
    log.warn({ run, reason: error.message }, "lists are computed also if nothing has changed");
  }
  log.info({ run, users: lists.size, answers: answers?.size ?? 0 }, "the last night is loaded");
  return { lists, answers };
}
