import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { constants } from "node:os";
import type { Launched, LaunchHooks, Program } from "./program.js";

/**
 * Starts a program that writes directly to its log, so that it can outlive this process. It gets its own process
 * group, so that Ctrl-C in the terminal reaches only this process, which stops the others in order.
 */
export function launch(program: Program, hooks: LaunchHooks): Launched {
  const log = openSync(program.log, "a", 0o600);
  const from = fstatSync(log).size;
  const child = spawn(program.command, program.args, {
    stdio: ["ignore", log, log],
    env: program.env,
    detached: true,
  });
  closeSync(log);
  const watch = watchLog({ path: program.log, from, ready: program.ready }, hooks.ready);
  let isOver = false;
  const over = (ending: string) => {
    if (isOver) return;
    isOver = true;
    watch.stop();
    hooks.exited(ending);
  };
  child.once("exit", (code, signal) => over(signal ?? `exit code ${code ?? 0}`));
  child.once("error", (error) => over(error.message));
  return {
    pid: child.pid,
    signal: (signal) => {
      if (child.pid !== undefined && !isOver) process.kill(child.pid, constants.signals[signal]);
    },
  };
}

const POLL_MS = 50;
/** Characters to read while waiting for the ready line. */
const MAX_READ = 1 << 20;

/** Looks for the ready line in what the program writes from now on. */
function watchLog(
  log: { readonly path: string; readonly from: number; readonly ready: RegExp },
  found: (address: string | undefined) => void,
): { stop(): void } {
  const file = openSync(log.path, "r");
  const buffer = Buffer.alloc(64 * 1024);
  let at = log.from;
  let text = "";
  const stop = () => {
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    closeSync(file);
  };
  const look = () => {
    for (let size = -1; size !== 0; at += size) {
      size = readSync(file, buffer, 0, buffer.length, at);
      text += buffer.toString("utf8", 0, size);
    }
    // Only whole lines: an address may be incomplete.
    const match = log.ready.exec(text.slice(0, text.lastIndexOf("\n") + 1));
    if (match === null && text.length < MAX_READ) return;
    stop();
    if (match !== null) found(match[1]);
  };
  let timer: NodeJS.Timeout | undefined = setInterval(look, POLL_MS);
  return { stop };
}
