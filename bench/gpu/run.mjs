// Measures searches on this machine's GPU, step by step, into OUT.
//
//   node bench/gpu/run.mjs OUT --target DIR --draft DIR --catalogue FILE --golden FILE
//        [--data DIR] [--device cuda] [--seconds 600] [--python python3] [--work DIR] [--only NAME,…] [--rehearse]
//
// Each step is a process with a limit of its own, and leaves OUT/NAME.json: its figures, also those of before
// it failed or ran out of time. A step whose file exists is left out, so the command can be repeated. Most
// telling steps come first; --seconds limits the whole. --work (default: OUT/work) gets random targets: 16 GB.
// --data is Beauty as bench/scripts/alignment/experiment.mjs takes it, for a target that is trained here.
// --rehearse does little of everything, to try the command itself: with --device cpu it needs no GPU.
// Then: node bench/gpu/report.mjs OUT
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { FILE_FLAGS, missingFiles } from "./lib/given-files.mjs";
import { stepsOf } from "./lib/steps.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...FILE_FLAGS,
    data: { type: "string" },
    device: { type: "string", default: "cuda" },
    seconds: { type: "string", default: "600" },
    python: { type: "string", default: "python3" },
    work: { type: "string" },
    only: { type: "string" },
    rehearse: { type: "boolean", default: false },
  },
});
const wrong =
  positionals[0] === undefined
    ? "usage: node bench/gpu/run.mjs OUT --target DIR --draft DIR --catalogue FILE --golden FILE"
    : missingFiles(values);
if (wrong !== undefined) {
  console.error(wrong);
  process.exit(2);
}
const LAST_LINES = 20;
const out = resolve(positionals[0]);
const work = resolve(values.work ?? join(out, "work"));
for (const folder of [out, work]) mkdirSync(folder, { recursive: true });
const { python, device, rehearse } = values;
const files = Object.fromEntries(
  Object.keys(FILE_FLAGS).map((name) => [name, resolve(values[name])]),
);
const end = performance.now() + 1000 * Number(values.seconds);
const machine = { card: cardName(), processor: cpus()[0]?.model, device, rehearse };
const only = values.only?.split(",");

for (const step of stepsOf({ ...files, data: values.data, python, device, out, work, rehearse })) {
  if (only !== undefined && !only.includes(step.name)) continue;
  const file = join(out, `${step.name}.json`);
  if (existsSync(file)) {
    console.log(`${step.name.padEnd(18)} done before`);
    continue;
  }
  const seconds = Math.min(step.seconds, (end - performance.now()) / 1000);
  if (seconds < 5) {
    console.log(`${step.name.padEnd(18)} no time left: repeat the command`);
    continue;
  }
  if (step.needs !== undefined && !existsSync(step.needs)) {
    console.log(`${step.name.padEnd(18)} left out: there is no ${step.needs}`);
    continue;
  }
  const record = { ...machine, ...(await runStep(step, seconds)) };
  writeFileSync(`${file}.part`, `${JSON.stringify(record, null, 1)}\n`);
  renameSync(`${file}.part`, file);
  const { status, rows } = record;
  console.log(
    `${step.name.padEnd(18)} ${status}, ${rows.length} figures, ${record.seconds.toFixed(1)} s`,
  );
  if (status !== "done") console.log(record.lastLines.slice(-3).join("\n"));
}

/** Runs a step to its end or its limit. */
function runStep({ name, command }, limit) {
  const started = performance.now();
  const rows = [];
  const lastLines = [];
  let isLate = false;
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  // A step may have started processes of its own.
  const timer = setTimeout(() => {
    isLate = true;
    process.kill(-child.pid, "SIGKILL");
  }, 1000 * limit);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const row = rowOf(line);
    if (row !== undefined) rows.push(row);
    else keep(line);
  });
  createInterface({ input: child.stderr }).on("line", keep);
  return new Promise((done) => {
    const finish = (ended) => {
      clearTimeout(timer);
      const status = isLate ? "out of time" : ended;
      const seconds = (performance.now() - started) / 1000;
      done({ step: name, command: command.join(" "), status, seconds, rows, lastLines });
    };
    child.on("error", (error) => {
      keep(String(error));
      finish("failed");
    });
    child.on("close", (code) => finish(code === 0 ? "done" : "failed"));
  });

  function keep(line) {
    lastLines.push(line.slice(0, 500));
    if (lastLines.length > LAST_LINES) lastLines.shift();
  }
}

/** A figure is a line of JSON. */
function rowOf(line) {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function cardName() {
  const query = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"];
  const { stdout, status } = spawnSync("nvidia-smi", query, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : "no NVIDIA GPU";
}
