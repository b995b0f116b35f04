import { Metadata, type ServerUnaryCall, type StatusObject, status } from "@grpc/grpc-js";
import type { TlsFiles } from "../channel-options.js";
import { ProtocolError } from "../errors.js";
import {
  RecommendationsService,
  type RecommendRequest,
  type RecommendResponse,
  type Source,
  Stale,
} from "../generated/nightbeam/recommendations/v1/recommendations.js";
import { retryAfter, traceparentOf } from "../metadata.js";
import { type GrpcServer, openGrpcServer } from "../server/grpc-server.js";
import { OpenCalls } from "../server/open-calls.js";
import { streamLimitsOf } from "../server/stream-limits.js";
import { retryInfo } from "./retry-info.js";

/** A request for a list: absent fields are undefined. */
export interface ReceivedRequest {
  readonly user?: string;
  readonly history?: readonly string[];
  readonly topK?: number;
  readonly allow?: readonly string[];
  readonly exclude?: readonly string[];
  readonly groups?: readonly string[];
  readonly texts?: Readonly<Record<string, string>>;
  readonly stale?: "late" | "never";
  /** Milliseconds that are left, if the call has a deadline. */
  readonly deadlineMs?: number;
}

/** Who calls. */
export interface ReceivedCaller {
  /** Aborted if the client cancels or disconnects, when the deadline passes, or at the end of a drain. */
  readonly signal: AbortSignal;
  /** The metadata `authorization`. */
  readonly authorization: string;
  readonly traceparent: string | undefined;
}

export interface AnsweredList {
  readonly items: readonly {
    readonly item: string;
    readonly score: number;
    readonly logProb: number;
  }[];
  readonly source: "computed" | "unchanged" | "late" | "busy";
  readonly skippedItems: number;
  readonly timing: { readonly queueMs: number; readonly computeMs: number };
}

/** What a client is told about a request that has no list. */
export interface RefusedRequest {
  readonly status:
    | "INVALID_ARGUMENT"
    | "UNAUTHENTICATED"
    | "NOT_FOUND"
    | "FAILED_PRECONDITION"
    | "RESOURCE_EXHAUSTED"
    | "UNAVAILABLE"
    | "DEADLINE_EXCEEDED"
    | "CANCELLED"
    | "INTERNAL";
  readonly message: string;
  /** With RESOURCE_EXHAUSTED: milliseconds after which to retry. */
  readonly retryAfterMs?: number | undefined;
}

export interface ServeRecommendationsOptions {
  /** Answers a request. May throw anything that `refusalOf` understands. */
  readonly recommend: (request: ReceivedRequest, caller: ReceivedCaller) => Promise<AnsweredList>;
  readonly refusalOf: (error: unknown) => RefusedRequest;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly tls?: TlsFiles | undefined;
}

const MAX_REQUEST_BYTES = 8 * 2 ** 20;
const MAX_RESPONSE_BYTES = 8 * 2 ** 20;
const LIMITS = { streamsPerConnection: 10_000, streams: 20_000 };

/**
 * Serves recommendations over gRPC, with health and reflection.
 *
 * @throws ProtocolError BAD_OPTION if the port cannot be used or an option is invalid
 */
export async function serveRecommendations(
  options: ServeRecommendationsOptions,
): Promise<GrpcServer> {
  const { refusalOf, host, port, tls } = options;
  const calls = new OpenCalls("the server is shutting down: ask another one");
  return openGrpcServer({
    name: "nightbeam.recommendations.v1.Recommendations",
    proto: "nightbeam/recommendations/v1/recommendations.proto",
    definition: RecommendationsService,
    methods: {
      recommend: (
        call: ServerUnaryCall<RecommendRequest, RecommendResponse>,
        callback: (error: Partial<StatusObject> | null, response?: RecommendResponse) => void,
      ) => {
        answer(call, { ...options, calls }).then(
          (response) => callback(null, response),
          (error: unknown) => callback(statusOf(error, refusalOf)),
        );
      },
    },
    calls,
    closing: new ProtocolError("DRAINING", "the server is shutting down"),
    maxRequestBytes: MAX_REQUEST_BYTES,
    maxResponseBytes: MAX_RESPONSE_BYTES,
    streamLimits: streamLimitsOf(MAX_REQUEST_BYTES, LIMITS),
    needDeadline: new Set(),
    ...{ host, port, tls },
  });
}

async function answer(
  call: ServerUnaryCall<RecommendRequest, RecommendResponse>,
  {
    calls,
    recommend,
  }: Pick<ServeRecommendationsOptions, "recommend"> & { readonly calls: OpenCalls },
): Promise<RecommendResponse> {
  const open = calls.begin();
  call.on("cancelled", () =>
    open.abort(new ProtocolError("CANCELLED", "the client has cancelled the call")),
  );
  try {
    const { signal } = open;
    const { metadata } = call;
    const authorization = String(metadata.get("authorization")[0] ?? "");
    const caller = { signal, authorization, traceparent: traceparentOf(metadata) };
    const list = await recommend(requestOf(call), caller);
    const { items, source, skippedItems, timing } = list;
    return {
      items: items.map((item) => ({ ...item })),
      source: SOURCES[source],
      skippedItems,
      ...timing,
    };
  } finally {
    open.end();
  }
}

const SOURCES = { computed: 1, unchanged: 2, late: 3, busy: 4 } as const satisfies Record<
  AnsweredList["source"],
  Source
>;

/** Fields with proto3's default count as absent where that is what clients mean. */
function requestOf(call: ServerUnaryCall<RecommendRequest, RecommendResponse>): ReceivedRequest {
  const { user, history, topK, allow, exclude, groups, texts, stale } = call.request;
  const leftMs = Math.ceil(Number(call.getDeadline()) - Date.now());
  return {
    ...(user === "" ? {} : { user }),
    ...(history === undefined ? {} : { history: history.ids }),
    ...(topK === 0 ? {} : { topK }),
    ...(allow === undefined ? {} : { allow: allow.ids }),
    ...(exclude.length === 0 ? {} : { exclude }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(Object.keys(texts).length === 0 ? {} : { texts }),
    ...(stale === Stale.STALE_NEVER ? { stale: "never" } : {}),
    ...(Number.isFinite(leftMs)
      ? { deadlineMs: Math.min(MAX_DEADLINE_MS, Math.max(1, leftMs)) }
      : {}),
  };
}

const MAX_DEADLINE_MS = 600_000;

function statusOf(
  error: unknown,
  refusalOf: ServeRecommendationsOptions["refusalOf"],
): StatusObject {
  if (error instanceof ProtocolError && (error.code === "DRAINING" || error.code === "CANCELLED")) {
    const code = error.code === "DRAINING" ? status.UNAVAILABLE : status.CANCELLED;
    return { code, details: error.message, metadata: new Metadata() };
  }
  const { status: name, message, retryAfterMs } = refusalOf(error);
  const code = status[name];
  if (retryAfterMs === undefined) return { code, details: message, metadata: new Metadata() };
  const metadata = retryAfter(retryAfterMs);
  metadata.set("grpc-status-details-bin", retryInfo({ code, message, milliseconds: retryAfterMs }));
  return { code, details: message, metadata };
}
