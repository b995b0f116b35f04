import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { z } from "zod";

/**
 * A process that may have ended, and whose number may have been given to another since. The moment of
 * its start tells them apart.
 */
export const processIdentitySchema = z.object({
  pid: z.int().min(1),
  /** As the system writes it; two processes of one number never share it. */
  started: z.string(),
});

export type ProcessIdentity = Readonly<z.infer<typeof processIdentitySchema>>;

/** Who runs under a number now; undefined where nobody does. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const started = startedAt(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether that very process still runs. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  return startedAt(pid) === started;
}

/** Sends a signal, unless the process has ended. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended in between, or belongs to somebody else: then it stays alive, which the caller sees.
  }
}

/** Waits until all have ended. @returns those that had not in time */
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

/** Clock ticks between the machine's start and the process's: field 22 of proc_pid_stat(5). */
function startedOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may hold anything, so fields are counted from behind it.
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
