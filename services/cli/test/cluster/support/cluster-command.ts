import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../../../bin/nightbeam.js", import.meta.url));

/** The built command in a directory, with what it prints as it prints it. */
export class RunningCommand {
  readonly child: ChildProcess;
  readonly ending: Promise<number | null>;
  #output = "";

  constructor(directory: string, args: readonly string[]) {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith("NIGHTBEAM_")),
    );
    const child = spawn(process.execPath, [COMMAND, ...args], {
      cwd: directory,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
    this.child = child;
    this.ending = new Promise((resolve) => child.once("close", resolve));
  }

  /** Everything on both streams. */
  get output(): string {
    return this.#output;
  }

  /** Waits until it has printed that, and fails when it ends without. */
  async says(what: RegExp, withinMs = 30_000): Promise<RegExpExecArray> {
    const end = performance.now() + withinMs;
    for (;;) {
      const found = what.exec(this.#output);
      if (found !== null) return found;
      const over = this.child.exitCode !== null || performance.now() > end;
      if (over) throw new Error(`it did not say ${what}:\n${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

/** Runs it to its end. */
export async function commandIn(
  directory: string,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string }> {
  const command = new RunningCommand(directory, args);
  const code = await command.ending;
  return { code, output: command.output };
}

/**
 * Whether tests of a whole cluster can run. Without its servers they are left out with a message,
 * unless NIGHTBEAM_REQUIRED=1 makes that a failure.
 */
export function serversAreHere(): boolean {
  const missing = ["redis-server", "nats-server"].filter(
    (name) => spawnSync(name, ["--version"]).status !== 0,
  );
  if (missing.length === 0) return true;
  const message = `${missing.join(" and ")} not installed`;
  if (process.env.NIGHTBEAM_REQUIRED === "1") throw new Error(message);
  console.warn(`${message}: the tests of a whole cluster are left out`);
  return false;
}
