import { benchCommand } from "@nightbeam/bench";
import type { Command } from "commander";
import { localClusters } from "../cluster/local-clusters.js";

/** `nightbeam bench`, which starts its clusters as `nightbeam cluster up` does. */
export function ownBenchCommand(): Command {
  return benchCommand({ clusters: localClusters });
}
