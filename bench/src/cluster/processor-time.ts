import { readFileSync } from "node:fs";

/** Clock ticks per second in /proc: the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Processor time of a process with all its threads, in seconds; 0 if it is not known. */
export function processorSeconds(pid: number): number {
  return secondsIn(`/proc/${pid}/stat`);
}

/** Processor time of a process's main thread alone, in seconds. */
export function mainThreadSeconds(pid: number): number {
  return secondsIn(`/proc/${pid}/task/${pid}/stat`);
}

function secondsIn(path: string): number {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return 0;
  }
  // The second field is the program's name in brackets and may hold spaces; user and system time
  // are the 14th and 15th.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}
