import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { UsageError } from "@nightbeam/service";

/** Programs that a cluster needs. Packages and binaries have the same names. */
export type SystemBinary = "redis-server" | "nats-server";

/** Debian installs servers into directories that are not in every user's PATH. */
const FURTHER_PLACES = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin"];

export function findBinary(
  name: string,
  path: string = process.env.PATH ?? "",
): string | undefined {
  return [...path.split(delimiter), ...FURTHER_PLACES]
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export interface Machine {
  find(name: SystemBinary): string | undefined;
  /** Whether this user can install packages with apt-get. */
  readonly canInstall: boolean;
  /** @returns whether it worked */
  install(names: readonly SystemBinary[]): boolean;
}

/**
 * Finds binaries, and installs missing ones, after a message, if that is possible and allowed.
 *
 * @throws UsageError BAD_OPTION, with the command to run
 */
export function requireBinaries(
  names: readonly SystemBinary[],
  options: {
    readonly install: boolean;
    readonly say: (line: string) => void;
    readonly machine?: Machine;
  },
): ReadonlyMap<SystemBinary, string> {
  const { install, say, machine = thisMachine() } = options;
  const missing = names.filter((name) => machine.find(name) === undefined);
  if (missing.length > 0) {
    const are = missing.length === 1 ? "is" : "are";
    const command = `apt-get install -y ${missing.join(" ")}`;
    if (!install || !machine.canInstall) {
      throw new UsageError(
        "BAD_OPTION",
        `${missing.join(" and ")} ${are} not installed. On Debian and Ubuntu: sudo ${command}. ` +
          "Or pass the addresses of existing servers with --redis and --nats.",
      );
    }
    say(
      `${missing.join(" and ")} ${are} not installed; running ${command} (disable with --no-install)`,
    );
    if (!machine.install(missing))
      throw new UsageError("BAD_OPTION", `${command} failed; run it manually to see why`);
  }
  return new Map(names.map((name) => [name, machine.find(name) ?? name]));
}

function thisMachine(): Machine {
  return {
    find: findBinary,
    canInstall:
      existsSync("/etc/debian_version") &&
      process.getuid?.() === 0 &&
      findBinary("apt-get") !== undefined,
    install: (names) => {
      const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
      const run = (...args: string[]) =>
        spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env }).status === 0;
      // Needed if there are no package lists yet. Its failure does not matter if there are.
      run("update", "-qq");
      return run("install", "-y", "-qq", "--no-install-recommends", ...names);
    },
  };
}
