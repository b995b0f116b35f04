import { type ChildProcess, spawn } from "node:child_process";
import { type Api, apiOf, TOKEN } from "@nightbeam/testing/scheduler";

/** The built `nightbeam scheduler` as a separate process. */
export interface SchedulerProcess {
  readonly child: ChildProcess;
  readonly api: Api;
  /** Ends it, and returns its exit code and what it said on standard error. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; said: string }>;
}

const SCRIPT = `
  import { schedulerCommand } from "@nightbeam/scheduler";
  try {
    await schedulerCommand().parseAsync(process.argv.slice(1), { from: "user" });
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
`;

/** Starts one and waits until it says that it is ready, or ends. */
export async function spawnScheduler(
  ...args: readonly string[]
): Promise<SchedulerProcess | { readonly code: number | null; readonly said: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", SCRIPT, "--", ...args], {
    cwd: import.meta.dirname,
    env: { ...process.env, NIGHTBEAM_LISTEN: "127.0.0.1:0", NIGHTBEAM_TOKEN: TOKEN },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = new Promise<{ code: number | null; said: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, said }));
  });
  const ready = new Promise<string>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const url = /scheduler ready on (\S+)/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const first = await Promise.race([ready, ended]);
  if (typeof first !== "string") return first;
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended;
  };
  const close = async () => {
    await end("SIGTERM");
  };
  return { child, api: apiOf({ url: first, close }), end };
}
