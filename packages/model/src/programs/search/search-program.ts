import type { Beams, SearchRequest } from "@nightbeam/decoding";
import type { GraphContext } from "../../architectures/graph-context.js";
import type { RunInputs } from "../../onnx/feeds.js";
import type { RunOutputs } from "../../onnx/outputs.js";

/** Searches that one execution of a graph runs. */
export interface SearchRun {
  readonly requests: readonly SearchRequest[];
  /** Tokens of every prompt, padding included. */
  readonly promptLength: number;
  readonly beamWidth: number;
}

/** A user's list, and what the run computed for it. */
export interface FoundList {
  readonly beams: Beams;
  readonly draftedLevels: number;
  /** Prefixes whose states were computed. */
  readonly nodes: number;
}

/** A program that runs whole searches: its graph, the way of requests in, and the way of lists out. */
export interface SearchProgram {
  /** Outputs that `read` needs. */
  readonly outputs: readonly string[];
  build(context: GraphContext): void;
  pack(run: SearchRun): RunInputs;
  /** Reads the lists of one run, in the order of its requests. */
  read(run: SearchRun, outputs: RunOutputs): FoundList[];
}
