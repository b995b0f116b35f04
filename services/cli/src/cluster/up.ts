import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "@nightbeam/service";
import { Closers, openWith } from "@nightbeam/service/lifecycle";
import { reasonOf } from "@nightbeam/service/log";
import { certificateFiles } from "../certs/certificates.js";
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
  /** Prints a line for the user. */
  readonly say: (line: string) => void;
  /** Called once, when all processes are ready. */
  readonly ready: (cluster: RunningCluster) => void;
}

/** A cluster whose processes are ready. */
export interface RunningCluster {
  readonly scheduler: string;
  readonly processes: readonly ClusterProcess[];
}

export interface ClusterHandle {
  /** Stops all processes in order. The second call kills them. */
  stop(): void;
  /** Settles when all processes have ended. @throws UsageError NOT_READY, with the end of a log */
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
  const { say, ready } = deps;
  const onError = (part: string, error: unknown) => {
    say(`could not close the ${part}: ${reasonOf(error)}`);
  };
  return openWith(new Closers({ onError }), async (closers) => {
    const directory = resolve(options.directory);
    const me = await takeDirectory(directory, say);
    closers.add("directory", () => leaveDirectory(directory));
    refuseMissing(options);
    const token = clusterToken(directory);
    const { redis, nats, install, tls } = options;
    const places = await servers({ redis, nats, install, tls, directory, say });
    say(startLine(options, { directory, started: places.programs.map(({ name }) => name) }));
    const supervisor = supervise({ options, directory, me, token, places }, deps);
    closers.add("processes", () => supervisor.stop());
    return keep(supervisor, { closers, ready });
  });
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

/** Checks the paths before anything is started, because every verifier would fail on them. */
function refuseMissing({ target, catalogue, tls }: ClusterUpOptions): void {
  for (const [flag, path] of [
    ["--target", join(target, "config.json")],
    ["--catalogue", catalogue],
  ] as const) {
    if (existsSync(path)) continue;
    throw new UsageError("BAD_OPTION", `${flag}: ${resolve(path)} does not exist. Check the path.`);
  }
  if (tls === undefined || existsSync(certificateFiles(tls).ca)) return;
  throw new UsageError(
    "BAD_OPTION",
    `--tls: ${resolve(tls)} has no certificates. Make them with \`nightbeam certs ${tls}\`.`,
  );
}

interface Parts {
  readonly options: ClusterUpOptions;
  readonly directory: string;
  readonly me: ProcessIdentity;
  readonly token: string;
  readonly places: Servers;
}

/** Writes every change of a process to the cluster file, so that other commands see it and none is left behind. */
function supervise(parts: Parts, { say }: ClusterUpDeps): Supervisor {
  const { options, directory, me, token, places } = parts;
  const { namespace } = options;
  const tls = options.tls === undefined ? {} : { tls: resolve(options.tls) };
  const { redis, nats, programs } = places;
  const own = services({ ...parts, redis, nats, own: ownCommand(), env: process.env });
  const changed = (_: Child, note?: string) => {
    const { scheduler, processes } = describe(supervisor);
    const url = scheduler === "" ? {} : { scheduler };
    const shared = { redis, nats, namespace, token, ...tls };
    writeClusterFile(directory, { supervisor: me, ...url, ...shared, processes });
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
  { closers, ready }: { readonly closers: Closers; readonly ready: ClusterUpDeps["ready"] },
): ClusterHandle {
  let stops = 0;
  const run = async () => {
    try {
      const failed = await supervisor.start();
      if (failed !== undefined) throw notReady(failed);
      if (stops === 0) ready(describe(supervisor));
      await supervisor.stopped;
    } finally {
      await closers.close();
    }
  };
  return {
    ended: run(),
    stop: () => {
      stops += 1;
      void (stops === 1 ? supervisor.stop() : supervisor.kill());
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
  const lines = tail === "" ? "It wrote no output" : `The end of its output:\n\n${tail}\n\nMore`;
  return new UsageError("NOT_READY", `${name} was not ready: ${ending}. ${lines} in ${log}.`);
}
