import type { ReadonlyInt32Array, Trie } from "@nightbeam/catalogue";
import type {
  BeamTree,
  LevelHeadsRequest,
  OutsideCodes,
  ScoreRequest,
  Scoring,
  SearchAnswer,
  SearchRequest,
} from "@nightbeam/decoding";
import type { Architecture, NodeStates } from "../architectures/architecture.js";
import type { GraphContext } from "../architectures/graph-context.js";
import type { Feeds } from "../onnx/feeds.js";
import type { RunOutputs } from "../onnx/outputs.js";
import type { NodeRows } from "./node-rows.js";

/** What each program is asked, and what it answers. */
export interface ProgramTypes {
  /** Scores of the catalogue's children of a tree's prefixes. */
  "tree-scores": { readonly request: ScoreRequest; readonly result: TreeScores };
  /** Scores of every level's codes after the prompt, by a heads draft. */
  "level-heads": { readonly request: LevelHeadsRequest; readonly result: LevelScores };
  /** A user's whole beam search. */
  "beam-search": Search;
  /** The same with a drafted tree. */
  "verify-tree": Search;
}

interface Search {
  readonly request: WholeSearch;
  readonly result: Omit<SearchAnswer, keyof RunCost>;
}

export type ProgramName = keyof ProgramTypes;
/** Programs that run whole searches. */
export type SearchProgramName = "beam-search" | "verify-tree";
export type RequestOf<Name extends ProgramName> = ProgramTypes[Name]["request"];
export type ResultOf<Name extends ProgramName> = ProgramTypes[Name]["result"];
/** What a worker answers: the program's result, and what it cost. */
export type AnswerOf<Name extends ProgramName> = Answered<ResultOf<Name>>;
export type Answered<Result> = Result & RunCost;

/** A search as a worker is asked for it. */
export interface WholeSearch extends SearchRequest {
  readonly beamWidth: number;
}

/** As in `ScoreAnswer`. */
export interface TreeScores {
  readonly logProbs: Float64Array;
  readonly outside?: OutsideCodes | undefined;
}

/** As in `LevelHeadsAnswer`. */
export interface LevelScores {
  readonly levels: readonly Float32Array[];
}

/** What every request has. */
export interface PromptRequest {
  /** Names the prompt: equal keys, equal prompts. */
  readonly key: number;
  /** Token ids, at least one. Shape [tokens]. */
  readonly prompt: ReadonlyInt32Array;
  /** As in `ScoreRequest`. */
  readonly outside?: number | undefined;
}

/** What an answer cost. */
export interface RunCost {
  /** Prompt tokens and nodes that the model computed. */
  readonly tokens: number;
  /** Time that the model worked: an even share of the run's. */
  readonly milliseconds: number;
}

/**
 * What a model is run for if requests bring trees: the end of its graph, the way of requests in, and the
 * way of answers out. The beginning is the same for these programs: prompts, and a tree of nodes per
 * request.
 */
export interface Program<Request extends PromptRequest, Result> {
  /** Outputs that `read` needs. */
  readonly outputs: readonly string[];
  /** Nodes whose hidden states a request needs. */
  treeOf(request: Request): BeamTree;
  /**
   * Adds the outputs to a graph. A program that needs the states of further nodes may call
   * `architecture.nodeStates` again, with what the first ones left in memory.
   *
   * @param states of the requests' nodes
   */
  build(context: GraphContext, states: NodeStates): void;
  /** The program's own inputs for one run. */
  pack(requests: readonly NodeRows<PromptRequest>[]): Feeds;
  /** Reads the results of one run, in the order of its requests. */
  read(requests: readonly NodeRows<Request>[], outputs: RunOutputs): Result[];
  /** Memory of a result that can move to another thread instead of being copied. */
  buffersOf(result: Result): readonly ArrayBufferLike[];
}

/** What a program knows of the model and the catalogue. */
export interface ProgramSetup {
  readonly architecture: Architecture;
  readonly trie: Trie;
  readonly scoring: Scoring;
  /** `codeTokens[level][code]` is the code's token. */
  readonly codeTokens: readonly Int32Array[];
  /** As in `GraphContext`. */
  readonly onDevice: boolean;
}

/** What the end of a graph is built from. */
export interface ProgramContext extends GraphContext, ProgramSetup {}
