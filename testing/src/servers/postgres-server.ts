import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.js";

export interface PostgresServer {
  /** Of its database, for a user who may do everything. */
  readonly url: string;
  /** Runs statements and returns what they print. */
  query(sql: string): string;
  /** SIGKILL; written data stays for `restart`. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Stops it and removes its directory. */
  stop(): Promise<void>;
}

/** Debian has the programs of a server in a directory per version, not on the PATH. */
const DEBIAN = "/usr/lib/postgresql";
const START_MS = 20_000;

/**
 * Whether tests with PostgreSQL can run. Without its server they are skipped with a message, or fail if
 * NIGHTBEAM_REQUIRED=1.
 */
export function postgresIsHere(): boolean {
  if (programs() !== undefined) return true;
  const message = "PostgreSQL is not installed (apt-get install postgresql)";
  if (process.env.NIGHTBEAM_REQUIRED === "1") throw new Error(message);
  console.warn(`${message}: its tests are skipped`);
  return false;
}

/** Starts a PostgreSQL for one test on a free port. The server refuses to run as root: then it runs as `postgres`. */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = programs();
  if (bin === undefined) throw new Error("PostgreSQL is not installed");
  const directory = mkdtempSync(join(tmpdir(), "nightbeam-postgres-"));
  const identity = unprivileged();
  if (identity !== undefined) chownSync(directory, identity.uid, identity.gid);
  const as = { ...identity, cwd: directory };
  const data = join(directory, "data");
  const settings = ["--username=test", "--auth=trust", "--encoding=UTF8", "--locale=C"];
  execFileSync(join(bin, "initdb"), ["-D", data, ...settings, "--no-sync"], {
    ...as,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const port = await freePort();
  const url = `postgres://test@127.0.0.1:${port}/postgres`;
  const query = (sql: string) =>
    execFileSync(join(bin, "psql"), ["-X", "-A", "-t", "-c", sql, url], {
      encoding: "utf8",
    }).trim();
  let server: ChildProcess | undefined;
  const start = async () => {
    const args = ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", directory, "-F"];
    const started = spawn(join(bin, "postgres"), args, { ...as, stdio: "ignore" });
    server = started;
    const killed = () => started.kill("SIGQUIT");
    process.once("exit", killed);
    started.once("exit", () => process.off("exit", killed));
    const ready = () =>
      spawnSync(join(bin, "pg_isready"), ["-q", "-h", "127.0.0.1", "-p", String(port)]).status ===
      0;
    for (const deadline = Date.now() + START_MS; !ready(); await sleep(50)) {
      if (started.exitCode !== null) throw new Error(`postgres ended: ${started.exitCode}`);
      if (Date.now() > deadline) throw new Error("postgres is not ready");
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill(signal);
    await ended;
  };
  await start();
  return {
    url,
    query,
    kill: () => end("SIGKILL"),
    restart: async () => {
      await end("SIGKILL");
      await start();
    },
    stop: async () => {
      // An immediate shutdown, which ends its processes as well.
      await end("SIGQUIT");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function programs(): string | undefined {
  const debian = existsSync(DEBIAN)
    ? readdirSync(DEBIAN).map((one) => join(DEBIAN, one, "bin"))
    : [];
  const path = (process.env.PATH ?? "").split(":");
  return [...debian.toSorted().reverse(), ...path].find((one) => existsSync(join(one, "initdb")));
}

function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}
