import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../../services/cli/bin/nightbeam.js", import.meta.url));

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built `nightbeam` as a separate process and waits for its end. */
export function nightbeam(...args: readonly string[]): Promise<Ending> {
  return startNightbeam(...args).ending;
}

/** Starts the built `nightbeam`, for tests that send signals. */
export function startNightbeam(...args: readonly string[]): {
  readonly child: ChildProcess;
  readonly ending: Promise<Ending>;
} {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ending = new Promise<Ending>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ending };
}

/** Runs `nightbeam`; throws unless it exits with 0. */
export async function succeed(...args: readonly string[]): Promise<Ending> {
  const ending = await nightbeam(...args);
  if (ending.code === 0) return ending;
  throw new Error(`nightbeam ${args.join(" ")} ended with ${ending.code}:\n${ending.stderr}`);
}

/** Runs `nightbeam`, expects exit code 1 and no output, and returns its standard error. */
export async function refusal(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await nightbeam(...args);
  if (code === 1 && stdout === "") return stderr;
  throw new Error(`nightbeam ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
}
