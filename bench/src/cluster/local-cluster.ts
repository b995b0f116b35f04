import type { RunStatus, StartedRun, SubmitBody } from "@nightbeam/api";
import type { BenchClusterOptions } from "./options.js";

/** What `bench cluster` needs of the command line that it is part of. */
export interface LocalClusters {
  /** How to start `nightbeam` as a separate process, for `spawn`. */
  ownCommand(): {
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
  /**
   * Starts a cluster on this machine, on free ports.
   *
   * @returns the cluster once all of its processes are ready
   * @throws UsageError NOT_READY, with the end of a process's log; BAD_OPTION
   */
  start(settings: LocalClusterSettings, say: (line: string) => void): Promise<LocalCluster>;
}

export interface LocalClusterSettings
  extends Pick<BenchClusterOptions, "target" | "catalogue" | "verifiers" | "drafters" | "scoring"> {
  /** Where the cluster keeps its state and its logs. */
  readonly directory: string;
}

/** A cluster that runs on this machine. */
export interface LocalCluster {
  readonly processes: readonly ClusterProcess[];
  submit(request: SubmitBody): Promise<StartedRun>;
  run(id: string): Promise<RunStatus>;
  /** Stops all processes and resolves when they have ended. */
  stop(): Promise<void>;
}

export interface ClusterProcess {
  /** Such as `scheduler`, `redis` or `verifier 1`. */
  readonly name: string;
  /** Undefined while it is not running. */
  readonly pid: number | undefined;
}
