import { setMaxListeners } from "node:events";
import type { ScoreAnswer, ScoreRequest } from "@nightbeam/decoding";
import { nodeCount } from "@nightbeam/decoding";
import type { Clock } from "@nightbeam/service";
import type { BatcherLimits, Pass } from "../batching/micro-batcher.js";
import type { LaneAnswer } from "../batching/waiting-call.js";
import type { CostLine } from "../cost/fit-line.js";
import { VerifierError } from "../errors.js";
import { KeyTable, type KeyTableLimits } from "./key-table.js";
import { Lane, type LaneWorker } from "./lane.js";

/** A call of one client, as it came in. Times are the clock's milliseconds. */
export interface IncomingCall {
  /** Names the key space. */
  readonly client: string;
  readonly requests: readonly ScoreRequest[];
  /** Keys of this client that may be forgotten. */
  readonly released: readonly number[];
  readonly deadline: number;
  readonly signal: AbortSignal;
}

export interface LaneLimits extends BatcherLimits, KeyTableLimits {
  /** Once so many rows wait, over all lanes, calls are refused with BUSY. */
  readonly maxWaitingTokens: number;
  /** Calls that may wait or run, over all lanes. */
  readonly maxCalls: number;
}

export interface LanesOptions {
  readonly workers: readonly LaneWorker[];
  readonly limits: LaneLimits;
  readonly clock: Clock;
  /** What a pass costs now, to say when there will be room. */
  readonly costLine: () => CostLine;
  /** Told of every pass that succeeded. */
  readonly onPass: (pass: Pass & { readonly lane: number }) => void;
  /** Whether workers keep prompts between calls. */
  readonly keepsPrompts: boolean;
  /** A question that the model has answered, to tell a bad question from a broken model. */
  readonly probe: readonly ScoreRequest[];
  /** Told once for each lane that is lost. */
  readonly onLost: (error: VerifierError) => void;
}

/** Prompt tokens that may be held in memory for each row that may wait. */
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

  /** Rows of the passes under way. */
  get runningTokens(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.runningTokens, 0);
  }

  /** Keys that a lane keeps something for. */
  get keyCount(): number {
    return this.#keys.size;
  }

  /**
   * Answers in the order of the requests; where the time went is told of the lane that was last.
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

  /** Forgets idle clients and looks whether all threads live. To be called now and then. */
  keepHouse(): void {
    this.#release(this.#keys.trim(this.#options.clock.now()));
    for (const lane of this.#lanes) lane.check();
  }

  /** Drops what waits and refuses what comes. */
  close(refusal: VerifierError): void {
    for (const lane of this.#lanes) lane.close(refusal);
  }

  /**
   * A call goes in as long as there is room at all, however large it is: one that had to fit would
   * wait for ever behind small ones.
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
      `${waiting} rows wait for the model, and ${this.#calls} calls are here; ask another verifier or come again`,
      { retryAfterMs: Math.min(10_000, Math.max(10, Math.ceil(drainMs / 2))) },
    );
  }

  async #share(call: IncomingCall): Promise<LaneAnswer> {
    const answers = new Array<ScoreAnswer>(call.requests.length);
    let last: LaneAnswer = { answers, queueMs: 0, batchWaitMs: 0, computeMs: 0 };
    const failures: unknown[] = [];
    // When one share fails the call has failed: what waits elsewhere for it need not be computed.
    const failed = new AbortController();
    const signal = AbortSignal.any([call.signal, failed.signal]);
    // Each share listens; Node takes more than ten listeners for a leak.
    setMaxListeners(0, signal);
    const parts = this.#sharesOf(call).map(async ({ lane, places, ...share }) => {
      try {
        const answered = await lane.score({ ...share, deadline: call.deadline, signal });
        places.forEach((place, at) => {
          const answer = answered.answers[at];
          if (answer !== undefined) answers[place] = answer;
        });
        last = { ...answered, answers };
      } catch (error) {
        failures.push(error);
        failed.abort();
      }
    });
    await Promise.all(parts);
    if (failures.length > 0) throw failures[0];
    return last;
  }

  /**
   * A call's users by lane, under keys that are no other client's, in pieces that fit a batch: so
   * a large call uses all lanes, and small ones come in between.
   */
  #sharesOf({ client, requests }: IncomingCall): Share[] {
    const budget = this.#options.limits.tokenBudget;
    const shares: Share[] = [];
    const open = new Map<Lane, Share>();
    const shareOf = (lane: Lane, rows: number): Share => {
      const current = open.get(lane);
      if (current !== undefined && current.tokens + rows <= budget) return current;
      const share = newShare(lane);
      shares.push(share);
      open.set(lane, share);
      return share;
    };
    let newcomers = this.#leastLoaded(shares);
    requests.forEach((request, place) => {
      const home = this.#keys.find(client, request);
      const rows = this.#rows(request, home !== undefined);
      const isFull = (open.get(newcomers)?.tokens ?? 0) + rows > budget;
      if (home === undefined && isFull) newcomers = this.#leastLoaded(shares);
      const { own, lane: number } = home ?? this.#newHome(client, request, newcomers);
      const share = shareOf(this.#lanes[number] ?? newcomers, rows);
      share.places.push(place);
      share.requests.push({ ...request, key: own });
      share.tokens += rows;
      share.followUp &&= home !== undefined;
      share.promptLength = Math.max(share.promptLength, request.prompt.length);
    });
    this.#release(this.#keys.trim(this.#options.clock.now()));
    return shares;
  }

  #newHome(client: string, request: ScoreRequest, lane: Lane) {
    // The key may be known with another prompt.
    this.#release(this.#keys.release(client, [request.key]));
    return this.#keys.add(client, request, lane.number);
  }

  #release(homes: readonly { own: number; lane: number }[]): void {
    const shares = new Map<number, number[]>();
    for (const { own, lane } of homes) {
      const share = shares.get(lane) ?? [];
      shares.set(lane, share);
      share.push(own);
    }
    for (const [lane, keys] of shares) this.#lanes[lane]?.release(keys);
  }

  /** @param planned shares that are about to be queued */
  #leastLoaded(planned: readonly Share[]): Lane {
    const loadOf = (lane: Lane) =>
      planned.reduce(
        (sum, share) => sum + (share.lane === lane ? share.tokens : 0),
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

interface Share {
  readonly lane: Lane;
  readonly places: number[];
  readonly requests: ScoreRequest[];
  tokens: number;
  followUp: boolean;
  promptLength: number;
}

function newShare(lane: Lane): Share {
  return { lane, places: [], requests: [], tokens: 0, followUp: true, promptLength: 0 };
}

/** What a call holds in memory, in tokens: prompts and trees, known to the lane or not. */
function heldTokens(requests: readonly ScoreRequest[]): number {
  return requests.reduce((sum, { prompt, tree }) => sum + prompt.length + tree.prefixes.length, 0);
}
