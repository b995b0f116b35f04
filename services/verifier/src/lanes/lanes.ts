import { setMaxListeners } from "node:events";
import {
  gather,
  nodeCount,
  type RequestGroup,
  RequestGroups,
  type ScoreRequest,
} from "@nightbeam/decoding";
import type { LaneAnswer } from "../batching/waiting-call.js";
import { VerifierError } from "../errors.js";
import { KeyTable } from "./key-table.js";
import { Lane } from "./lane.js";
import type { IncomingCall, LanesOptions } from "./lanes-options.js";

/** Prompt tokens that may be held in memory per row that may wait. */
const HELD_PER_WAITING = 8;

/**
 * All worker threads of a model. A client's key stays with the lane that keeps its prompt; new keys
 * go to the lane with the least to do.
 */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes: readonly Lane[];
  readonly #keys: KeyTable;
  #calls = 0;
  #heldTokens = 0;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.#keys = new KeyTable(options.limits);
    this.#lanes = options.workers.map((worker, number) => new Lane(worker, { ...options, number }));
  }

  /** Rows of the calls that wait. */
  get waitingTokens(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.waitingTokens, 0);
  }

  /** Rows of the running passes. */
  get runningTokens(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.runningTokens, 0);
  }

  /** Keys whose prompts lanes keep. */
  get keyCount(): number {
    return this.#keys.size;
  }

  /**
   * Answers in the order of the requests; the times are those of the lane that finished last.
   *
   * @throws VerifierError BUSY, CANCELLED, EXPIRED, LANE_LOST, DRAINING; ModelError
   */
  async score(call: IncomingCall): Promise<LaneAnswer> {
    const { client, requests } = call;
    this.#release(this.#keys.release(client, call.released));
    this.#admit();
    const held = heldTokens(requests);
    this.#keys.see(client, this.#options.clock.now());
    this.#calls++;
    this.#heldTokens += held;
    try {
      return await this.#share(call);
    } finally {
      this.#calls--;
      this.#heldTokens -= held;
    }
  }

  /** Forgets idle clients and checks that all threads are alive. Call it periodically. */
  runMaintenance(): void {
    this.#release(this.#keys.trim(this.#options.clock.now()));
    for (const lane of this.#lanes) lane.check();
  }

  /** Drops waiting calls and refuses new ones. */
  close(refusal: VerifierError): void {
    for (const lane of this.#lanes) lane.close(refusal);
  }

  /**
   * A call is admitted if there is any room, however large it is: a large call that had to fit might
   * never get in before small ones.
   *
   * @throws VerifierError BUSY
   */
  #admit(): void {
    const { limits, costLine } = this.#options;
    const waiting = this.waitingTokens;
    const hasRoom =
      waiting < limits.maxWaitingTokens &&
      this.#heldTokens < limits.maxWaitingTokens * HELD_PER_WAITING &&
      this.#calls < limits.maxCalls;
    if (hasRoom) return;
    const { callMs, tokenMs } = costLine();
    const passes = Math.ceil(waiting / limits.tokenBudget);
    const drainMs = (passes * callMs + waiting * tokenMs) / this.#lanes.length;
    throw new VerifierError(
      "BUSY",
      `queue full: ${waiting} rows and ${this.#calls} calls are waiting; try another verifier or retry later`,
      { retryAfterMs: Math.min(10_000, Math.max(10, Math.ceil(drainMs / 2))) },
    );
  }

  async #share(call: IncomingCall): Promise<LaneAnswer> {
    let last = { queueMs: 0, batchWaitMs: 0, computeMs: 0 };
    // When one group fails the call has failed: what waits for it in other lanes need not be computed.
    const failed = new AbortController();
    const signal = AbortSignal.any([call.signal, failed.signal]);
    // Each group listens; Node takes more than ten listeners for a leak.
    setMaxListeners(0, signal);
    const { routed, groups } = this.#route(call);
    const answers = await gather(routed, {
      groups,
      ask: async (asked, { home, size }) => {
        const { answers, ...times } = await home.score({
          requests: asked.map(({ request }) => request),
          tokens: size,
          followUp: asked.every(({ isKnown }) => isKnown),
          promptLength: asked.reduce((max, { request }) => Math.max(max, request.prompt.length), 0),
          deadline: call.deadline,
          signal,
        });
        last = times;
        return answers;
      },
      onFailure: () => failed.abort(),
    });
    return { answers, ...last };
  }

  /**
   * A call's requests by lane, under keys that no other client has, in groups that fit a batch: so a
   * large call uses all lanes, and small ones come in between.
   */
  #route({ client, requests }: IncomingCall) {
    const { tokenBudget } = this.#options.limits;
    const groups = new RequestGroups<Lane, number>({
      sum: (a, b) => a + b,
      fits: (tokens) => tokens <= tokenBudget,
    });
    let newcomers = this.#leastLoaded(groups.groups);
    const routed = requests.map((request, place): RoutedRequest => {
      const known = this.#keys.find(client, request);
      const tokens = this.#rows(request, known !== undefined);
      if (known === undefined && !groups.hasRoom(newcomers, tokens)) {
        newcomers = this.#leastLoaded(groups.groups);
      }
      const { own, lane } = known ?? this.#newHome(client, request, newcomers);
      groups.add(place, { home: this.#lanes[lane] ?? newcomers, size: tokens });
      return { request: { ...request, key: own }, isKnown: known !== undefined };
    });
    this.#release(this.#keys.trim(this.#options.clock.now()));
    return { routed, groups: groups.groups };
  }

  #newHome(client: string, request: ScoreRequest, lane: Lane) {
    // The key may be known with another prompt.
    this.#release(this.#keys.release(client, [request.key]));
    return this.#keys.add(client, request, lane.number);
  }

  #release(homes: readonly { own: number; lane: number }[]): void {
    for (const lane of this.#lanes) {
      const keys = homes.flatMap((home) => (home.lane === lane.number ? home.own : []));
      if (keys.length > 0) lane.release(keys);
    }
  }

  /** @param planned groups that are about to be queued */
  #leastLoaded(planned: readonly RequestGroup<Lane, number>[]): Lane {
    const loadOf = (lane: Lane) =>
      planned.reduce(
        (sum, { home, size }) => sum + (home === lane ? size : 0),
        lane.waitingTokens + lane.runningTokens,
      );
    const [first, ...others] = this.#lanes;
    if (first === undefined) throw new VerifierError("LANE_LOST", "the model has no threads");
    return others.reduce((least, lane) => (loadOf(lane) < loadOf(least) ? lane : least), first);
  }

  #rows({ prompt, tree }: ScoreRequest, isKnown: boolean): number {
    const isKept = isKnown && this.#options.keepsPrompts;
    return nodeCount(tree) + (isKept ? 0 : prompt.length);
  }
}

/** A request under the key of its lane. */
interface RoutedRequest {
  readonly request: ScoreRequest;
  /** Whether the lane has seen its prompt. */
  readonly isKnown: boolean;
}

/** What a call holds in memory, in tokens: prompts and trees, known to the lane or not. */
function heldTokens(requests: readonly ScoreRequest[]): number {
  return requests.reduce((sum, { prompt, tree }) => sum + prompt.length + tree.prefixes.length, 0);
}
