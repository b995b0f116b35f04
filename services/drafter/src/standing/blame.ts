/** What is at fault when a shard was not done. */
export type Blame =
  /** The shard: its rows, or what the search makes of them. */
  | "shard"
  /** This node: its files, its disk, its memory, its models. */
  | "node"
  /** The version of Nightbeam on this node, which is older than the one that added the job. */
  | "version"
  /** The store of the run does not answer or refuses; it may again. */
  | "store"
  /** No verifier takes the calls of the run. */
  | "verifiers";

/** Blames whose cause ends without anybody changing the shard or this node. */
export type PassingBlame = "store" | "verifiers";

export function isPassing(blame: Blame): blame is PassingBlame {
  return blame === "store" || blame === "verifiers";
}
