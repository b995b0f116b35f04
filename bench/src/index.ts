export type { BenchReport, BenchRow } from "./bench.js";
export type {
  ClusterProcess,
  LocalCluster,
  LocalClusterSettings,
  LocalClusters,
} from "./cluster/local-cluster.js";
export { benchCommand } from "./commands/bench.js";
