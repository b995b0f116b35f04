import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";

const SCRIPT = fileURLToPath(new URL("./run-verifier.mjs", import.meta.url));

export interface Started {
  readonly child: ChildProcess;
  readonly output: { out: string; error: string };
  /** Exit code, or the signal's name. */
  readonly exit: Promise<unknown>;
  /** Waits until standard output has a whole line. */
  line(): Promise<string>;
}

/** Starts `nightbeam verifier` as a process; it is killed after the test if it still runs. */
export function useCommand(): (flags: readonly string[], env?: NodeJS.ProcessEnv) => Started {
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill("SIGKILL");
  });
  return (flags, env = {}) => {
    const run = start(flags, env);
    started.push(run.child);
    return run;
  };
}

function start(flags: readonly string[], variables: NodeJS.ProcessEnv): Started {
  const child = spawn(process.execPath, [SCRIPT, ...flags], {
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { out: "", error: "" };
  child.stdout.on("data", (text) => {
    output.out += text;
  });
  child.stderr.on("data", (text) => {
    output.error += text;
  });
  const exit = once(child, "close").then(([code, signal]: unknown[]) => code ?? signal);
  const line = async () => {
    while (!output.out.includes("\n")) {
      const done = await Promise.race([once(child.stdout, "data"), exit.then(() => undefined)]);
      if (done === undefined) throw new Error(`it ended: ${output.error}`);
    }
    return output.out.trimEnd();
  };
  return { child, output, exit, line };
}
