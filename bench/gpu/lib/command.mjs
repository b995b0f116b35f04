import { spawnSync } from "node:child_process";

/**
 * Runs a command to its end and returns what it printed.
 *
 * @throws Error with the end of its output if it fails
 */
export function command(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    ...options,
  });
  if (error !== undefined) throw new Error(`${program} cannot be started: ${error.message}`);
  if (status !== 0) {
    const last = `${stdout}${stderr}`.trim().split("\n").slice(-5).join("\n");
    throw new Error(`${program} ${args.slice(0, 4).join(" ")} failed:\n${last}`);
  }
  return stdout;
}
