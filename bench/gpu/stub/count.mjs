// What onnxruntime asks of a GPU in one run of each graph, counted on a machine without one: the real CUDA
// provider on libraries that compute nothing. Prints a table in Markdown.
//
//   node bench/gpu/stub/count.mjs --model DIR --catalogue FILE
//     --precision fp32   --scoring full   --programs tree-scores,beam-search,verify-tree
//     --batch 8   --prompt 81   --beam-width 20
//     --without-cudnn    fails where an operator needs cuDNN
//     --kernels          prints the kernels of each run, too
//
// The first use downloads onnxruntime's provider (250 MB) and a header of CUDA; it needs gcc, binutils,
// unzip and pip.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { command } from "../lib/command.mjs";
import { scratch } from "../lib/places.mjs";
import { buildStub } from "./build.mjs";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    catalogue: { type: "string" },
    precision: { type: "string", default: "fp32" },
    scoring: { type: "string", default: "full" },
    programs: { type: "string", default: "tree-scores,beam-search,verify-tree" },
    batch: { type: "string", default: "8" },
    prompt: { type: "string", default: "81" },
    "beam-width": { type: "string", default: "20" },
    "without-cudnn": { type: "boolean", default: false },
    kernels: { type: "boolean", default: false },
  },
});
if (values.model === undefined || values.catalogue === undefined) {
  console.error("usage: node bench/gpu/stub/count.mjs --model DIR --catalogue FILE");
  process.exit(2);
}

/** What is asked of each program; `levels` of a tree have `beam-width` nodes each. */
const CASES = {
  "tree-scores": [
    { name: "one level of beams", levels: 1 },
    { name: "a drafted tree", levels: 3 },
  ],
  "beam-search": [{ name: "whole search", levels: 0 }],
  "verify-tree": [{ name: "a drafted tree, repaired", levels: 3 }],
};

const libraries = buildStub({ cudnn: !values["without-cudnn"] });
const log = join(scratch, "stub.log");

/** Runs one case in a process of its own. */
function rowOf(program, { name, levels }) {
  rmSync(log, { force: true });
  const asked = {
    ...{ program, levels, model: values.model, catalogue: values.catalogue },
    ...{ scoring: values.scoring, precision: values.precision },
    ...{ batch: Number(values.batch), promptTokens: Number(values.prompt) },
    beamWidth: Number(values["beam-width"]),
  };
  const observe = new URL("./observe.mjs", import.meta.url).href;
  const { status, stderr } = spawnSync(
    process.execPath,
    [`--import=${observe}`, join(import.meta.dirname, "calls.mjs"), JSON.stringify(asked)],
    {
      encoding: "utf8",
      maxBuffer: 2 ** 30,
      env: { ...process.env, LD_LIBRARY_PATH: libraries, STUB_LOG: log },
    },
  );
  const graph = `${program}: ${name}`;
  if (status !== 0) {
    const [, reason] = /(?:Error|error): (.*)/.exec(stderr) ?? [];
    return { graph, failed: reason ?? `ended with ${status}` };
  }
  return { graph, placed: placements(stderr), ...countsOf(lastRun(readFileSync(log, "utf8"))) };
}

/** Nodes by execution provider, as onnxruntime reports them for a graph and its subgraphs. */
function placements(report) {
  const nodes = {};
  for (const [, provider, count] of report.matchAll(
    /nodes? placed on \[(\w+)ExecutionProvider\]\. Number of nodes: (\d+)/gi,
  )) {
    nodes[provider] = (nodes[provider] ?? 0) + Number(count);
  }
  return Object.entries(nodes)
    .map(([provider, count]) => `${count} ${provider}`)
    .join(", ");
}

/** What the last run logged. */
function lastRun(text) {
  const begin = text.lastIndexOf("begin\n");
  return text.slice(begin, text.indexOf("end\n", begin)).split("\n");
}

function countsOf(lines) {
  const counts = { launches: 0, products: 0, allocations: 0, synchronisations: 0, kernels: {} };
  const copies = { H2D: [], D2H: [], D2D: [] };
  for (const line of lines) {
    const [kind, what, size] = line.split(" ");
    if (kind === "launch") {
      counts.launches++;
      counts.kernels[what] = (counts.kernels[what] ?? 0) + 1;
    }
    if (kind === "product") counts.products++;
    if (kind === "allocate") counts.allocations++;
    if (kind === "synchronize") counts.synchronisations++;
    if (kind === "copy") copies[what]?.push(Number(size));
  }
  return { ...counts, copies };
}

function bytes(sizes) {
  const sum = sizes.reduce((total, size) => total + size, 0);
  if (sizes.length === 0) return "0";
  if (sum < 10_000) return `${sizes.length} (${sum} B)`;
  return `${sizes.length} (${sum < 1e6 ? `${(sum / 1e3).toFixed(1)} kB` : `${(sum / 1e6).toFixed(2)} MB`})`;
}

const rows = values.programs
  .split(",")
  .flatMap((program) => (CASES[program] ?? []).map((one) => rowOf(program, one)));
const { precision, scoring, batch } = values;
console.log(
  `${precision}, ${scoring}, ${batch} users, prompts of ${values.prompt}, K = ${values["beam-width"]}\n`,
);
console.log(
  "| graph | nodes | launches | products | host to device | device to host | on the device | synchronisations |",
);
console.log("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
for (const row of rows) {
  const cells =
    row.failed === undefined
      ? [
          ...[row.placed, row.launches, row.products],
          ...[bytes(row.copies.H2D), bytes(row.copies.D2H), row.copies.D2D.length],
          row.synchronisations,
        ]
      : [`failed: ${row.failed}`, "", "", "", "", "", ""];
  console.log(`| ${[row.graph, ...cells].join(" | ")} |`);
}
if (values.kernels) {
  for (const { graph, kernels = {} } of rows) {
    const mangled = Object.keys(kernels);
    if (mangled.length === 0) continue;
    const names = command("c++filt", [], { input: mangled.join("\n") }).split("\n");
    const lines = mangled.map((key, at) => ({ count: kernels[key], name: names[at] ?? key }));
    lines.sort((a, b) => b.count - a.count);
    console.log(`\n${graph}`);
    for (const { count, name } of lines) {
      console.log(`  ${count}  ${name.replace(/\(.*/, "").slice(0, 140)}`);
    }
  }
}
