import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { z } from "zod";

/** A process that may have ended. Its start time distinguishes it from a later process with the same pid. */
export const processIdentitySchema = z.object({
  pid: z.int().min(1),
  /** In the format of the system; unique among processes with the same pid. */
  started: z.string(),
});

export type ProcessIdentity = Readonly<z.infer<typeof processIdentitySchema>>;

/** The process that has a pid now. Undefined if there is none. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const started = startedAt(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether exactly this process is still running. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  return startedAt(pid) === started;
}

/** Sends a signal, unless the process has ended. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It has ended, or belongs to another user: then it stays alive, which the caller checks.
  }
}

/** Waits until all processes have ended. @returns those that are still running after `withinMs` */
export async function waitForEnd(
  processes: readonly ProcessIdentity[],
  withinMs: number,
): Promise<readonly ProcessIdentity[]> {
  const end = performance.now() + withinMs;
  for (;;) {
    const alive = processes.filter(isAlive);
    if (alive.length === 0 || performance.now() >= end) return alive;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const POLL_MS = 50;

function startedAt(pid: number): string | undefined {
  return process.platform === "linux" ? startedOnLinux(pid) : startedByPs(pid);
}

/** Clock ticks from the boot of the machine to the start of the process: field 22 of proc_pid_stat(5). */
function startedOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may contain anything, so fields are counted after it.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : fields[18];
  } catch {
    return undefined;
  }
}

function startedByPs(pid: number): string | undefined {
  try {
    const line = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return line.trim() === "" ? undefined : line.trim();
  } catch {
    return undefined;
  }
}
