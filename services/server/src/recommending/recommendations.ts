import type { ParsedRecommendRequest, RecommendAnswer } from "@nightbeam/client";
import type { ReadyUser } from "@nightbeam/recommend";
import type { Clock } from "@nightbeam/service";
import type { Recorder } from "@nightbeam/telemetry";
import type { Decoded, Submission } from "../batching/micro-batcher.js";
import type { ListEngine } from "../engine/list-engine.js";
import { ServerError, serverErrorOf } from "../errors.js";
import type { HistorySource } from "../histories/history-source.js";
import type { NightAnswers } from "../lists/night-answers.js";
import type { ListedItem, NightLists } from "../lists/night-lists.js";
import type { ServedUser } from "./served-user.js";

export interface RecommendationsOptions {
  readonly engine: Pick<ListEngine, "read" | "itemsOf" | "topK" | "maxTopK">;
  readonly batcher: {
    submit(user: ReadyUser, submission: Submission): Promise<Decoded>;
  };
  /** Default: requests have their histories. */
  readonly histories: HistorySource | undefined;
  /** Default: there are no lists of the last night. */
  readonly lists: NightLists | undefined;
  /** What the searches of the last night found. Default: all lists are computed. */
  readonly answers: Pick<NightAnswers, "outcomeFor"> | undefined;
  /** Milliseconds that a request has if it does not say. */
  readonly deadlineMs: number;
  /** Whether lists depend on the user's name. */
  readonly isDrawn: boolean;
  readonly clock: Clock;
  readonly recorder: Recorder;
}

/** How the caller of a request waits for it. */
export interface Caller {
  readonly protocol: "http" | "grpc";
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

/** Kept back from the deadline, so that the answer arrives in time. */
const ANSWER_MS = 2;

const NO_TIME = { queueMs: 0, computeMs: 0 };

/** Answers requests: finds the history, computes the list, or takes that of the last night. */
export class Recommendations {
  readonly #options: RecommendationsOptions;

  constructor(options: RecommendationsOptions) {
    this.#options = options;
  }

  /** @throws ServerError; the signal's reason */
  async recommend(
    request: ParsedRecommendRequest,
    { protocol, signal }: Caller,
  ): Promise<RecommendAnswer> {
    const { clock, recorder } = this.#options;
    const startedAt = clock.now();
    let result: RecommendAnswer["source"] | "refused" | "failed" | "cancelled" = "failed";
    try {
      const answer = await this.#answer(request, { startedAt, signal });
      result = answer.source;
      return answer;
    } catch (error) {
      if (signal.aborted) result = "cancelled";
      else if (serverErrorOf(error).code !== "INTERNAL") result = "refused";
      throw error;
    } finally {
      recorder.add("nightbeam.server.requests", 1, { result, protocol });
      recorder.record("nightbeam.server.request.duration", (clock.now() - startedAt) / 1e3, {
        result,
      });
    }
  }

  async #answer(
    request: ParsedRecommendRequest,
    { startedAt, signal }: { readonly startedAt: number; readonly signal: AbortSignal },
  ): Promise<RecommendAnswer> {
    const { engine, batcher, clock, recorder } = this.#options;
    const { topK = engine.topK, deadlineMs = this.#options.deadlineMs } = request;
    if (topK > engine.maxTopK) {
      throw new ServerError(
        "BAD_REQUEST",
        `topK ${topK} is more than the server's beam width of ${engine.maxTopK}. Ask for at most that, or start the server with a larger --beam-width.`,
      );
    }
    const stored = await this.#userOf(request);
    const historyMs = clock.now() - startedAt;
    recorder.record("nightbeam.server.stage.duration", historyMs / 1e3, { stage: "history" });
    const user = engine.read(stored);
    // The last night had no filters of a request.
    const isPlain = request.allow === undefined && request.exclude === undefined;
    const known = isPlain ? this.#options.answers?.outcomeFor(user) : undefined;
    if (known !== undefined) {
      const items = engine.itemsOf({ beams: known.beams, exclusion: user.exclusion, topK });
      return answerOf({ items, source: "unchanged", user, timing: NO_TIME });
    }
    try {
      const deadline = startedAt + deadlineMs - ANSWER_MS;
      const decoded = await batcher.submit(user, { signal, deadline });
      recorder.record("nightbeam.server.stage.duration", decoded.queueMs / 1e3, { stage: "queue" });
      recorder.record("nightbeam.server.stage.duration", decoded.computeMs / 1e3, {
        stage: "compute",
      });
      const { beams } = decoded.outcome;
      const items = engine.itemsOf({ beams, exclusion: user.exclusion, topK });
      const { queueMs, computeMs } = decoded;
      return answerOf({ items, source: "computed", user, timing: { queueMs, computeMs } });
    } catch (error) {
      const source = request.stale === "never" ? undefined : staleSource(error);
      if (source === undefined || request.user === undefined) throw error;
      const items = this.#options.lists?.listOf(request.user, { exclusion: user.exclusion, topK });
      if (items === undefined) throw error;
      return answerOf({ items, source, user, timing: NO_TIME });
    }
  }

  /** @throws ServerError UNKNOWN_USER, BAD_REQUEST */
  async #userOf(request: ParsedRecommendRequest): Promise<ServedUser> {
    const { user: name, history, texts, groups, allow, exclude } = request;
    if (name === undefined && this.#options.isDrawn) {
      throw new ServerError("BAD_REQUEST", "user is required: drawn lists depend on it.");
    }
    const filters = { name, allow, exclude };
    if (history !== undefined) return { ...filters, items: history, texts, groups };
    const { histories } = this.#options;
    if (histories === undefined) {
      throw new ServerError(
        "BAD_REQUEST",
        "history is required: this server stores none. Send it, or start the server with --histories or --histories-redis.",
      );
    }
    const stored = name === undefined ? undefined : await histories.historyOf(name);
    if (stored === undefined) {
      throw new ServerError("UNKNOWN_USER", "No history of this user is stored. Send the history.");
    }
    return { ...filters, ...stored, texts: texts ?? stored.texts, groups: groups ?? stored.groups };
  }
}

/** Why the last night's list will do. */
function staleSource(error: unknown): "late" | "busy" | undefined {
  const { code } = serverErrorOf(error);
  if (code === "DEADLINE") return "late";
  return code === "BUSY" || code === "NO_VERIFIER" ? "busy" : undefined;
}

function answerOf({
  items,
  source,
  user,
  timing,
}: {
  readonly items: readonly ListedItem[];
  readonly user: ReadyUser;
} & Pick<RecommendAnswer, "source" | "timing">): RecommendAnswer {
  return {
    items: items.map(({ item, score, logProb = score }) => ({ item, score, logProb })),
    ...{ source, skippedItems: user.skipped, timing },
  };
}
