// The commands of the experiment: Python and Node, two at a time, each with its own log.
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepare, python } from "../../../scripts/lib/venv.mjs";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const cli = join(root, "services", "cli", "bin", "nightbeam.js");

/** `nightbeam-train …`; its output goes to `log`. */
export const train = (log, ...args) => ({
  log,
  command: python,
  args: ["-m", "nightbeam_training", ...args],
});

/** `nightbeam …`; its output goes to `log`. */
export const nightbeam = (log, ...args) => ({ log, command: cli, args });

/** Runs jobs, `at` of them at once, and skips those whose log is complete. */
export async function runAll(jobs, { at = 1 } = {}) {
  await prepare();
  const waiting = jobs.filter(({ log }) => !existsSync(log));
  const worker = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await run(job);
  };
  await Promise.all(Array.from({ length: at }, worker));
}

async function run({ log, command, args }) {
  console.log(`\n$ ${[command, ...args].join(" ").replaceAll(`${root}/`, "")}\n  > ${log}`);
  mkdirSync(dirname(log), { recursive: true });
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const out = createWriteStream(`${log}.partial`);
  child.stdout.pipe(out);
  child.stderr.pipe(process.stderr);
  const status = await new Promise((done) => child.on("close", done));
  if (status !== 0) throw new Error(`${command} ended with ${status}; see ${log}.partial`);
  renameSync(`${log}.partial`, log);
  console.log(readFileSync(log, "utf8").trim().split("\n").at(-1));
}
