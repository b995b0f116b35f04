import type { SearchProgram } from "@nightbeam/decoding";
import type { VerifierError } from "../errors.js";
import type { Lanes } from "./lanes.js";
import type { ProgramLanes } from "./lanes-options.js";
import type { SearchLanes } from "./search-lanes.js";

/** The lanes of all programs of a verifier. */
export class AllLanes implements ProgramLanes {
  /** Undefined if the verifier answers no tree calls. */
  readonly trees: Lanes | undefined;
  readonly searches: ReadonlyMap<SearchProgram, SearchLanes>;
  readonly #all: readonly ProgramLanes[];

  constructor(lanes: {
    readonly trees?: Lanes | undefined;
    readonly searches?: ReadonlyMap<SearchProgram, SearchLanes>;
  }) {
    const { trees, searches = new Map() } = lanes;
    this.trees = trees;
    this.searches = searches;
    this.#all = [...(trees === undefined ? [] : [trees]), ...searches.values()];
  }

  get waitingTokens(): number {
    return this.#all.reduce((sum, { waitingTokens }) => sum + waitingTokens, 0);
  }

  get runningTokens(): number {
    return this.#all.reduce((sum, { runningTokens }) => sum + runningTokens, 0);
  }

  runMaintenance(): void {
    for (const lanes of this.#all) lanes.runMaintenance();
  }

  close(refusal: VerifierError): void {
    for (const lanes of this.#all) lanes.close(refusal);
  }
}
