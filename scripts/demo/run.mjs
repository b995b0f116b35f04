import { spawn, spawnSync } from "node:child_process";
import { commandLine, nightbeamArguments, root } from "./places.mjs";

const started = performance.now();

/** Seconds since the demo began. */
export const elapsed = () => ((performance.now() - started) / 1000).toFixed(0);

/** Says what comes next. */
export function step(text) {
  console.log(`\n\u001b[1m${text}\u001b[0m  (${elapsed()} s)`.replace(colours(), ""));
}

/** Runs a command of Nightbeam in the foreground; ends the demo if it fails. */
export function nightbeam(...args) {
  console.log(commandLine(args));
  const { status } = spawnSync(process.execPath, nightbeamArguments(args), {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** Runs a command of Nightbeam and returns its JSON; ends the demo if it fails. */
export function nightbeamJson(...args) {
  const { status, stdout } = spawnSync(process.execPath, nightbeamArguments([...args, "--json"]), {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (status !== 0) process.exit(status ?? 1);
  return JSON.parse(stdout);
}

/** Starts a command of Nightbeam in the background. */
export function start(args, options = {}) {
  return spawn(process.execPath, nightbeamArguments(args), { cwd: root, ...options });
}

/** What to leave out of a text where there are no colours. */
function colours() {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of terminals
  return process.stdout.isTTY && process.env.NO_COLOR === undefined ? /(?!)/ : /\u001b\[\d+m/g;
}
