import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { UsageError } from "@nightbeam/service";

/** What a cluster needs from the system; the names of packages and of binaries are the same. */
export type SystemBinary = "redis-server" | "nats-server";

/** Debian puts servers where not every user's PATH looks. */
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
  /** Whether apt-get is there and this user may install with it. */
  readonly canInstall: boolean;
  /** @returns whether it worked */
  install(names: readonly SystemBinary[]): boolean;
}

/**
 * Where the binaries are. Those that are missing are installed, after saying so, where that is
 * possible and allowed.
 *
 * @throws UsageError BAD_OPTION, with the command to type
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
          "Or name servers that run already with --redis and --nats.",
      );
    }
    say(
      `${missing.join(" and ")} ${are} not installed; running ${command} (--no-install forbids it)`,
    );
    if (!machine.install(missing))
      throw new UsageError("BAD_OPTION", `${command} failed; run it by hand to see why`);
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
      // Without lists of packages the first try fails; stale lists are no reason to fail.
      run("update", "-qq");
      return run("install", "-y", "-qq", "--no-install-recommends", ...names);
    },
  };
}
