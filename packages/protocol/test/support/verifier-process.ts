import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { CATALOGUE, TARGET } from "./cluster.js";

/** A verifier that takes calls and never answers, in a process that a test may kill or freeze. */
export interface VerifierProcess {
  readonly address: string;
  readonly calls: () => number;
  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  end(): Promise<void>;
}

export async function verifierProcess(): Promise<VerifierProcess> {
  const script = fileURLToPath(new URL("./verifier-process.mjs", import.meta.url));
  // As the catalogue of `cluster.ts`.
  const child = fork(script, ["3", "4", TARGET, CATALOGUE], { stdio: "inherit", execArgv: [] });
  let calls = 0;
  const port = await new Promise<number>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the verifier's process ended with ${code}`)));
    child.on("message", (message: { port?: number; calls?: number }) => {
      if (message.port !== undefined) resolve(message.port);
      calls = message.calls ?? calls;
    });
  });
  return {
    address: `127.0.0.1:${port}`,
    calls: () => calls,
    signal: (name) => child.kill(name),
    end: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
