import { nodeCount, RequestGroups, type ScoreAnswer, type ScoreRequest } from "@nightbeam/decoding";
import type { LaneAnswer } from "../batching/waiting-call.js";
import type { VerifierError } from "../errors.js";
import { Admission } from "./admission.js";
import { KeyTable } from "./key-table.js";
import { Lane } from "./lane.js";
import type { IncomingCall, LanesOptions, ProgramLanes } from "./lanes-options.js";
import { leastLoaded, shareCall } from "./share-call.js";
import { joinAnswers, splitTree } from "./split-trees.js";

type TreeLane = Lane<ScoreRequest, ScoreAnswer>;

/**
 * All worker threads of a model that answers tree calls. A client's key stays with the lane that keeps its prompt; new keys
 * go to the lane with the least to do.
 */
export class Lanes implements ProgramLanes {
  readonly #options: LanesOptions;
  readonly #lanes: readonly TreeLane[];
  readonly #keys: KeyTable;
  readonly #admission: Admission;

  constructor(options: LanesOptions) {
    const { workers, limits, costLine } = options;
    this.#options = options;
    this.#keys = new KeyTable(limits);
    this.#admission = new Admission({ limits, costLine, lanes: workers.length });
    this.#lanes = workers.map((worker, number) => {
      const laneWorker = {
        get isOpen() {
          return worker.isOpen;
        },
        run: ({ requests }: { requests: readonly ScoreRequest[] }) => worker.score(requests),
        release: (keys: readonly number[]) => worker.release(keys),
      };
      return new Lane(laneWorker, { ...options, number });
    });
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
  async score(call: IncomingCall): Promise<LaneAnswer<ScoreAnswer>> {
    const { client, requests } = call;
    this.#release(this.#keys.release(client, call.released));
    const held = heldTokens(requests);
    return this.#admission.admit({ waiting: this.waitingTokens, held }, () => {
      this.#keys.see(client, this.#options.clock.now());
      return this.#answer(call);
    });
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

  /** Answers large trees in several passes, and those of which nothing is wanted in none. */
  async #answer(call: IncomingCall): Promise<LaneAnswer<ScoreAnswer>> {
    const { tokenBudget } = this.#options.limits;
    const pieces = call.requests.map((request) => splitTree(request, tokenBudget));
    const rounds = pieces.reduce((most, { length }) => Math.max(most, length), 0);
    const answers: ScoreAnswer[][] = pieces.map(() => []);
    const times = { queueMs: 0, batchWaitMs: 0, computeMs: 0 };
    // Pieces of a request have the same key, so they must not share a pass.
    for (let round = 0; round < rounds; round++) {
      const asked = pieces.flatMap((own, user) => {
        const request = own[round];
        return request === undefined ? [] : { user, request };
      });
      const requests = asked.map(({ request }) => request);
      const part = await this.#share({ ...call, requests });
      for (const [at, { user }] of asked.entries()) {
        answers[user]?.push(...part.answers.slice(at, at + 1));
      }
      times.queueMs += part.queueMs;
      times.batchWaitMs += part.batchWaitMs;
      times.computeMs += part.computeMs;
    }
    return { answers: answers.map(joinAnswers), ...times };
  }

  #share(call: IncomingCall): Promise<LaneAnswer<ScoreAnswer>> {
    const { routed, groups } = this.#route(call);
    const { peer, deadline, signal, traceparent } = call;
    return shareCall(routed, {
      groups,
      partOf: (asked) => ({
        peer,
        traceparent,
        requests: asked.map(({ request }) => request),
        beamWidth: 0,
        followUp: asked.every(({ isKnown }) => isKnown),
        promptLength: asked.reduce((max, { request }) => Math.max(max, request.prompt.length), 0),
      }),
      deadline,
      signal,
    });
  }

  /**
   * A call's requests by lane, under keys that no other client has, in groups that fit a batch: so a
   * large call uses all lanes, and small ones come in between.
   */
  #route({ client, requests }: IncomingCall) {
    const { tokenBudget } = this.#options.limits;
    const groups = new RequestGroups<TreeLane, number>({
      sum: (a, b) => a + b,
      fits: (tokens) => tokens <= tokenBudget,
    });
    let newcomers = leastLoaded(this.#lanes, groups.groups);
    const routed = requests.map((request, place): RoutedRequest => {
      const known = this.#keys.find(client, request);
      const tokens = this.#rows(request, known !== undefined);
      if (known === undefined && !groups.hasRoom(newcomers, tokens)) {
        newcomers = leastLoaded(this.#lanes, groups.groups);
      }
      const { own, lane } = known ?? this.#newHome(client, request, newcomers);
      groups.add(place, { home: this.#lanes[lane] ?? newcomers, size: tokens });
      return { request: { ...request, key: own }, isKnown: known !== undefined };
    });
    this.#release(this.#keys.trim(this.#options.clock.now()));
    return { routed, groups: groups.groups };
  }

  #newHome(client: string, request: ScoreRequest, lane: TreeLane) {
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
