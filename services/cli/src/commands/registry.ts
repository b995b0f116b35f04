import type { Command } from "commander";

/**
 * A subcommand that is loaded when somebody uses it: what it needs (BullMQ, gRPC, DuckDB, a model
 * runtime) takes half a second to load, and the help should not wait for it.
 */
export interface LazyCommand {
  readonly name: string;
  /** The same as the command's own. */
  readonly description: string;
  load(): Promise<Command>;
}

export interface CommandGroup {
  readonly heading: string;
  readonly commands: readonly LazyCommand[];
}

/** Everything that a person can type behind `nightbeam`. */
export const GROUPS: readonly CommandGroup[] = [
  {
    heading: "On one machine:",
    commands: [
      {
        name: "recommend",
        description:
          "write every user's best items, exactly as the target's own beam search finds them, or draws from it",
        load: async () => (await import("./recommend.js")).recommendCommand(),
      },
      {
        name: "evaluate",
        description: "compare lists with what users took: Recall@K, NDCG@K, hit rate",
        load: async () => (await import("./evaluate.js")).evaluateCommand(),
      },
      {
        name: "compare",
        description: "whether two runs hold the same lists, and how far their scores differ",
        load: async () => (await import("./compare.js")).compareCommand(),
      },
      {
        name: "bench",
        description:
          "plain and speculative search side by side: calls, nodes, accepted steps, users per second",
        load: async () => {
          const { benchCommand } = await import("@nightbeam/bench");
          const { localClusters } = await import("../cluster/local-clusters.js");
          return benchCommand({ clusters: localClusters });
        },
      },
      {
        name: "import",
        description:
          "turn a data set as its owner publishes it into histories to train from and judge by",
        load: async () => (await import("./import.js")).importCommand(),
      },
      {
        name: "catalogue",
        description: "check a catalogue, say what it holds, and prepare it for fast loading",
        load: async () => (await import("./catalogue.js")).catalogueCommand(),
      },
      {
        name: "convert",
        description:
          "write a checkpoint in the numbers that the runtime uses, to be used as a --target or --draft",
        load: async () => (await import("./convert.js")).convertCommand(),
      },
    ],
  },
  {
    heading: "With a cluster:",
    commands: [
      {
        name: "submit",
        description:
          "have the cluster recommend for every user; says the run's name when it is planned",
        load: async () => (await import("./submit.js")).submitCommand(),
      },
      {
        name: "status",
        description: "how a run goes; without a run: what the cluster does, its nodes and alarms",
        load: async () => (await import("./status.js")).statusCommand(),
      },
      {
        name: "cancel",
        description: "stop a run; what is done is kept, and submitting it again goes on",
        load: async () => (await import("./cancel.js")).cancelCommand(),
      },
      {
        name: "runs",
        description: "all runs of the cluster, the latest first",
        load: async () => (await import("./runs.js")).runsCommand(),
      },
      {
        name: "nights",
        description: "runs that begin by a timetable",
        load: async () => (await import("./nights.js")).nightsCommand(),
      },
      {
        name: "rollout",
        description: "models that new runs begin with, under a name: --target rollout:NAME",
        load: async () => (await import("./rollout.js")).rolloutCommand(),
      },
      {
        name: "nodes",
        description: "the verifiers and drafters that the cluster hears of",
        load: async () => (await import("./nodes.js")).nodesCommand(),
      },
    ],
  },
  {
    heading: "The cluster itself:",
    commands: [
      {
        name: "cluster",
        description: "a whole cluster on this machine: start it, look at it, stop it",
        load: async () => (await import("./cluster.js")).clusterCommand(),
      },
      {
        name: "scheduler",
        description: "plan runs, look after them and serve HTTP, until told to stop",
        load: async () => (await import("@nightbeam/scheduler")).schedulerCommand(),
      },
      {
        name: "drafter",
        description:
          "take shards from the queue, draft, have the verifiers check, and commit, until told to stop",
        load: async () => (await import("@nightbeam/drafter")).drafterCommand(),
      },
      {
        name: "verifier",
        description: "answer drafters with the large model's log-probabilities, until told to stop",
        load: async () => (await import("@nightbeam/verifier")).verifierCommand(),
      },
    ],
  },
];
