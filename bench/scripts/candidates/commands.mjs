// The commands of the measurement.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

/** The JSON that `nightbeam … --json` prints. */
export function nightbeam(command, args) {
  const cli = join(root, "services", "cli", "bin", "nightbeam.js");
  return JSON.parse(run(process.execPath, [cli, command, ...args, "--json"]));
}

/** Runs a program; returns what it prints, and ends this one if it fails. */
export function run(program, args, { cwd = root } = {}) {
  const { status, stdout } = spawnSync(program, args, {
    ...{ cwd, encoding: "utf8", maxBuffer: 2 ** 28 },
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) process.exit(1);
  return stdout;
}
