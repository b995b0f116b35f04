import type { Command } from "commander";

/**
 * A subcommand that is loaded when it is used: its libraries (BullMQ, gRPC, DuckDB, a model runtime) take half a
 * second to load, and the help should not wait for them.
 */
export interface LazyCommand {
  readonly name: string;
  readonly description: string;
  /** Loads the command, with this description. */
  load(): Promise<Command>;
}

export interface CommandGroup {
  readonly heading: string;
  readonly commands: readonly LazyCommand[];
}

/** All subcommands of `nightbeam`. */
export const GROUPS: readonly CommandGroup[] = [
  {
    heading: "On one machine:",
    commands: [
      lazy(
        "recommend",
        "write the best items of every user, exactly as the target's own beam search finds them",
        async () => (await import("./recommend.js")).recommendCommand(),
      ),
      lazy(
        "serve",
        "answer requests for the best items of a user, over HTTP and gRPC, on this machine or with verifiers",
        async () => (await import("@nightbeam/server")).serveCommand(),
      ),
      lazy(
        "evaluate",
        "compare lists with the items that users took: Recall@K, NDCG@K, hit rate",
        async () => (await import("./evaluate.js")).evaluateCommand(),
      ),
      lazy("compare", "compare the lists of two runs, and how far their scores differ", async () =>
        (await import("./compare.js")).compareCommand(),
      ),
      lazy(
        "report",
        "write a finished run as one HTML file: lists to browse, searches, figures, rejected rows",
        async () => (await import("./report.js")).reportCommand(),
      ),
      lazy(
        "publish",
        "put the lists of a finished run where backends read them: Redis, PostgreSQL, S3, a directory",
        async () => (await import("./publish.js")).publishCommand(),
      ),
      lazy(
        "bench",
        "compare plain and speculative search: calls, nodes, accepted steps, users per second",
        async () => {
          const { benchCommand } = await import("@nightbeam/bench");
          const { localClusters } = await import("../cluster/local-clusters.js");
          return benchCommand({ clusters: localClusters });
        },
      ),
      lazy(
        "import",
        "convert a public data set into histories for training and evaluation",
        async () => (await import("./import.js")).importCommand(),
      ),
      lazy(
        "catalogue",
        "check a catalogue, print its size, and prepare it for fast loading",
        async () => (await import("./catalogue.js")).catalogueCommand(),
      ),
      lazy(
        "devices",
        "list what models can run on here, and what is missing for the rest",
        async () => (await import("./devices.js")).devicesCommand(),
      ),
      lazy(
        "inspect",
        "show what a checkpoint is, and propose a nightbeam.json for one that has none",
        async () => (await import("./inspect.js")).inspectCommand(),
      ),
      lazy("convert", "convert a checkpoint to float32 or int8", async () =>
        (await import("./convert.js")).convertCommand(),
      ),
    ],
  },
  {
    heading: "With a cluster:",
    commands: [
      lazy("submit", "submit a run to the cluster; prints its id when it is planned", async () =>
        (await import("./submit.js")).submitCommand(),
      ),
      lazy(
        "status",
        "show the progress of a run; without a run: open runs, nodes and alarms",
        async () => (await import("./status.js")).statusCommand(),
      ),
      lazy(
        "cancel",
        "stop a run; finished shards are kept, and nightbeam retry does the others",
        async () => (await import("./cancel.js")).cancelCommand(),
      ),
      lazy(
        "pause",
        "let no drafter take more shards of a run; those in progress are finished",
        async () => (await import("./control.js")).pauseCommand(),
      ),
      lazy("resume", "let a paused run go on", async () =>
        (await import("./control.js")).resumeCommand(),
      ),
      lazy(
        "retry",
        "do the missing shards of a run that is partial, cancelled or refused",
        async () => (await import("./control.js")).retryCommand(),
      ),
      lazy(
        "redo",
        "compute shards of a run again, also of a complete one; until then it has no manifest",
        async () => (await import("./redo.js")).redoCommand(),
      ),
      lazy("priority", "change the place of a run in the queue: urgent, normal or low", async () =>
        (await import("./control.js")).priorityCommand(),
      ),
      lazy("runs", "list all runs of the cluster, the latest first", async () =>
        (await import("./runs.js")).runsCommand(),
      ),
      lazy("nights", "manage runs that start by a timetable", async () =>
        (await import("./nights.js")).nightsCommand(),
      ),
      lazy(
        "rollout",
        "manage the models that new runs start with: --target rollout:NAME",
        async () => (await import("./rollout.js")).rolloutCommand(),
      ),
      lazy("nodes", "list the cluster's verifiers and drafters, or drain one", async () =>
        (await import("./nodes.js")).nodesCommand(),
      ),
    ],
  },
  {
    heading: "The cluster itself:",
    commands: [
      lazy("certs", "make or renew certificates for TLS between all parts of a cluster", async () =>
        (await import("./certs.js")).certsCommand(),
      ),
      lazy("cluster", "start, show or stop a whole cluster on this machine", async () =>
        (await import("./cluster.js")).clusterCommand(),
      ),
      lazy(
        "scheduler",
        "run a scheduler: plan runs, supervise them and serve the HTTP API",
        async () => (await import("@nightbeam/scheduler")).schedulerCommand(),
      ),
      lazy(
        "drafter",
        "run a drafter: take shards from the queue, draft, have verifiers check, commit",
        async () => (await import("@nightbeam/drafter")).drafterCommand(),
      ),
      lazy(
        "verifier",
        "run a verifier: serve the target's log-probabilities to drafters",
        async () => (await import("@nightbeam/verifier")).verifierCommand(),
      ),
    ],
  },
];

function lazy(name: string, description: string, load: () => Promise<Command>): LazyCommand {
  return { name, description, load: async () => (await load()).description(description) };
}
