import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "@nightbeam/service";
import { type ClusterProcess, clusterToken, writeClusterFile } from "./cluster-file.js";
import type { ClusterUpOptions } from "./options.js";
import { identityOf, type ProcessIdentity } from "./process-identity.js";
import { ownCommand } from "./programs/own-command.js";
import { type Servers, servers } from "./programs/servers.js";
import { services } from "./programs/services.js";
import type { Child } from "./supervision/child.js";
import { launch } from "./supervision/launch.js";
import { beginLog, logTail } from "./supervision/log-files.js";
import { Supervisor } from "./supervision/supervisor.js";
import { leaveDirectory, takeDirectory } from "./takeover.js";

export interface ClusterUpDeps {
  /** Tells a person, a line at a time. */
  readonly say: (line: string) => void;
  /** Called once, when all processes are ready. */
  readonly ready: (cluster: RunningCluster) => void;
}

/** What is shown of a cluster that is up. */
export interface RunningCluster {
  readonly scheduler: string;
  readonly processes: readonly ClusterProcess[];
}

export interface ClusterHandle {
  /** Stops in order; asked a second time, ends everything at once. */
  stop(): void;
  /** Settles when nothing runs any more. @throws UsageError NOT_READY, with the end of a log */
  readonly ended: Promise<void>;
}

/**
 * Starts a cluster on this machine and keeps it running until it is stopped.
 *
 * @throws UsageError BAD_OPTION: another process keeps the directory, or a binary is missing
 */
export async function clusterUp(
  options: ClusterUpOptions,
  deps: ClusterUpDeps,
): Promise<ClusterHandle> {
  const directory = resolve(options.directory);
  const me = await takeDirectory(directory, deps.say);
  try {
    refuseMissing(options);
    const token = clusterToken(directory);
    const { redis, nats, install } = options;
    const places = await servers({ redis, nats, install, directory, say: deps.say });
    deps.say(startLine(options, { directory, started: places.programs.map(({ name }) => name) }));
    const supervisor = supervise({ options, directory, me, token, places }, deps);
    return keep(supervisor, { directory, ready: deps.ready });
  } catch (error) {
    leaveDirectory(directory);
    throw error;
  }
}

function startLine(
  { verifiers, drafters }: ClusterUpOptions,
  place: { readonly directory: string; readonly started: readonly string[] },
): string {
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
  const services = `scheduler, ${count(verifiers, "verifier")} and ${count(drafters, "drafter")}`;
  const all = [...place.started, services].join(", ");
  return `starting ${all}; logs are in ${join(place.directory, "logs")}`;
}

/** Before anything is started: what every verifier would stumble over. */
function refuseMissing({ target, catalogue }: ClusterUpOptions): void {
  for (const [flag, path] of [
    ["--target", join(target, "config.json")],
    ["--catalogue", catalogue],
  ] as const) {
    if (existsSync(path)) continue;
    throw new UsageError("BAD_OPTION", `${flag}: ${resolve(path)} does not exist. Check the path.`);
  }
}

interface Parts {
  readonly options: ClusterUpOptions;
  readonly directory: string;
  readonly me: ProcessIdentity;
  readonly token: string;
  readonly places: Servers;
}

/** Every change of a process is written down, so that others see it and nothing is left behind. */
function supervise(parts: Parts, { say }: ClusterUpDeps): Supervisor {
  const { directory, me, token, places } = parts;
  const { redis, nats, programs } = places;
  const own = services({ ...parts, redis, nats, own: ownCommand(), env: process.env });
  const changed = (_: Child, note?: string) => {
    const { scheduler, processes } = describe(supervisor);
    const url = scheduler === "" ? {} : { scheduler };
    writeClusterFile(directory, { supervisor: me, ...url, redis, nats, token, processes });
    if (note !== undefined) say(note);
  };
  const supervisor = new Supervisor([programs.map((program) => [program]), own], {
    launch,
    now: () => performance.now(),
    changed,
  });
  for (const { program } of supervisor.children) beginLog(program.log);
  return supervisor;
}

function keep(
  supervisor: Supervisor,
  place: { readonly directory: string; readonly ready: ClusterUpDeps["ready"] },
): ClusterHandle {
  let asked = 0;
  const run = async () => {
    try {
      const failed = await supervisor.start();
      if (failed !== undefined) throw notReady(failed);
      if (asked === 0) place.ready(describe(supervisor));
      await supervisor.stopped;
    } finally {
      await supervisor.stop();
      leaveDirectory(place.directory);
    }
  };
  return {
    ended: run(),
    stop: () => {
      asked += 1;
      void (asked === 1 ? supervisor.stop() : supervisor.kill());
    },
  };
}

function describe({ children }: Supervisor): RunningCluster {
  return {
    scheduler: children.find(({ program }) => program.name === "scheduler")?.address ?? "",
    processes: children.map(({ program, phase, pid, address }) => {
      const identity = pid === undefined ? undefined : identityOf(pid);
      return {
        name: program.name,
        state: phase,
        ...(identity === undefined ? {} : { identity }),
        ...(address === undefined ? {} : { address }),
        log: program.log,
      };
    }),
  };
}

const TAIL_LINES = 20;

function notReady({ program, ending }: Child): UsageError {
  const { name, log } = program;
  const tail = logTail(log, TAIL_LINES);
  const lines = tail === "" ? "It wrote nothing" : `The end of what it wrote:\n\n${tail}\n\nMore`;
  return new UsageError("NOT_READY", `${name} was not ready: ${ending}. ${lines} in ${log}.`);
}
