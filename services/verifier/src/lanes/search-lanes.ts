import { RequestGroups, type SearchAnswer, type SearchRequest } from "@nightbeam/decoding";
import type { LaneAnswer } from "../batching/waiting-call.js";
import type { VerifierError } from "../errors.js";
import { Admission } from "./admission.js";
import { Lane } from "./lane.js";
import type { IncomingSearch, ProgramLanes, SearchLanesOptions } from "./lanes-options.js";
import { leastLoaded, shareCall } from "./share-call.js";

/** All worker threads of a program that runs whole searches. Any lane may take any search. */
export class SearchLanes implements ProgramLanes {
  readonly #options: SearchLanesOptions;
  readonly #lanes: readonly Lane<SearchRequest, SearchAnswer>[];
  readonly #admission: Admission;
  #nextKey = 0;

  constructor(options: SearchLanesOptions) {
    const { workers, limits, costLine } = options;
    this.#options = options;
    this.#admission = new Admission({ limits, costLine, lanes: workers.length });
    this.#lanes = workers.map((worker, number) => {
      const laneWorker = {
        get isOpen() {
          return worker.isOpen;
        },
        run: ({ requests, beamWidth }: { requests: readonly SearchRequest[]; beamWidth: number }) =>
          worker.search(requests, { beamWidth }),
        release: () => undefined,
      };
      return new Lane(laneWorker, { ...options, number });
    });
  }

  get waitingTokens(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.waitingTokens, 0);
  }

  get runningTokens(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.runningTokens, 0);
  }

  /**
   * Answers in the order of the requests; the times are those of the lane that finished last.
   *
   * @throws VerifierError BUSY, CANCELLED, EXPIRED, LANE_LOST, DRAINING; ModelError
   */
  search(call: IncomingSearch): Promise<LaneAnswer<SearchAnswer>> {
    const held = call.requests.reduce((sum, request) => sum + heldTokens(request), 0);
    return this.#admission.admit({ waiting: this.waitingTokens, held }, () => this.#share(call));
  }

  runMaintenance(): void {
    for (const lane of this.#lanes) lane.check();
  }

  close(refusal: VerifierError): void {
    for (const lane of this.#lanes) lane.close(refusal);
  }

  #share({ peer, requests, beamWidth, deadline, signal, traceparent }: IncomingSearch) {
    const { nodesOf, limits } = this.#options;
    const groups = new RequestGroups<Lane<SearchRequest, SearchAnswer>, number>({
      sum: (a, b) => a + b,
      fits: (tokens) => tokens <= limits.tokenBudget,
    });
    const nodes = nodesOf(beamWidth);
    let home = leastLoaded(this.#lanes, groups.groups);
    // Calls of several clients share a pass, whose keys have to be different.
    const own = requests.map((request, place): SearchRequest => {
      const size = request.prompt.length + nodes + (request.drafted?.length ?? 0);
      if (!groups.hasRoom(home, size)) home = leastLoaded(this.#lanes, groups.groups);
      groups.add(place, { home, size });
      return { ...request, key: this.#nextKey++ };
    });
    return shareCall(own, {
      groups: groups.groups,
      partOf: (asked) => ({
        peer,
        traceparent,
        requests: asked,
        beamWidth,
        followUp: false,
        promptLength: asked.reduce((max, { prompt }) => Math.max(max, prompt.length), 0),
      }),
      deadline,
      signal,
    });
  }
}

/** What a request holds in memory, in tokens. */
function heldTokens({ prompt, closed, drafted }: SearchRequest): number {
  return prompt.length + closed.length + (drafted?.length ?? 0);
}
