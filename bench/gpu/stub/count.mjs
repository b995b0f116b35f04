// What onnxruntime asks of a GPU for the searches of one batch of users, counted on a machine without one:
// the real CUDA provider on libraries that compute nothing. Prints a table in Markdown.
//
//   node bench/gpu/stub/count.mjs TARGET CATALOGUE
//     --precision fp32   --scorings full,renormalized
//     --batch 8   --prompt 81   --beam-width 20
//     --without-cudnn    fails where an operator needs cuDNN
//     --kernels          prints the kernels of each row, too
//
// The first use downloads onnxruntime's provider (250 MB) and headers of CUDA; it needs gcc, binutils,
// unzip and pip.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { command } from "../lib/command.mjs";
import { scratch } from "../lib/places.mjs";
import { buildStub } from "./build.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    precision: { type: "string", default: "fp32" },
    scorings: { type: "string", default: "full,renormalized" },
    batch: { type: "string", default: "8" },
    prompt: { type: "string", default: "81" },
    "beam-width": { type: "string", default: "20" },
    "without-cudnn": { type: "boolean", default: false },
    kernels: { type: "boolean", default: false },
  },
});
const [model, catalogue] = positionals;
if (model === undefined || catalogue === undefined) {
  console.error("usage: node bench/gpu/stub/count.mjs TARGET CATALOGUE");
  process.exit(2);
}

/** `byte` is what the host reads instead of results: 1 says that all beams of a level were drafted. */
const CASES = [
  { name: "tree-scores, level by level", program: "tree-scores" },
  { name: "beam-search", program: "beam-search" },
  { name: "verify-tree, all drafted", program: "verify-tree", byte: "1" },
  { name: "verify-tree, nothing drafted", program: "verify-tree" },
];
const COLUMNS = ["nodes", "runs", "launches", "products", "to device", "to host", "waits"];

const libraries = buildStub({ cudnn: !values["without-cudnn"] });
const log = join(scratch, "stub.log");
const { precision, batch, prompt } = values;
const beamWidth = Number(values["beam-width"]);
console.log(
  `${precision}, one batch of ${batch} users, prompts of ${prompt} tokens, K = ${beamWidth}\n`,
);
console.log(`| program | scoring | ${COLUMNS.join(" | ")} |`);
console.log(`| --- | --- |${" ---: |".repeat(COLUMNS.length)}`);
for (const scoring of values.scorings.split(",")) {
  for (const one of CASES) {
    const { cells, launches } = rowOf(one, scoring);
    console.log(`| ${[one.name, scoring, ...cells].join(" | ")} |`);
    if (values.kernels) printKernels(launches);
  }
}

/** Runs one case in a process of its own. */
function rowOf({ byte = "0", ...one }, scoring) {
  rmSync(log, { force: true });
  const asked = {
    ...{
      ...one,
      scoring,
      precision,
      beamWidth,
      batch: Number(batch),
      promptTokens: Number(prompt),
    },
    ...{ model: resolve(model), catalogue: resolve(catalogue) },
  };
  const observe = new URL("./observe.mjs", import.meta.url).href;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`--import=${observe}`, join(import.meta.dirname, "calls.mjs"), JSON.stringify(asked)],
    {
      encoding: "utf8",
      maxBuffer: 2 ** 30,
      env: {
        ...process.env,
        LD_LIBRARY_PATH: libraries,
        NVIDIA_TF32_OVERRIDE: "0",
        STUB_LOG: log,
        STUB_BYTE: byte,
      },
    },
  );
  if (status !== 0) {
    const [, reason] = /(?:Error|error): (.*)/.exec(stderr) ?? [];
    return { cells: [`failed: ${reason ?? `ended with ${status}`}`], launches: [] };
  }
  const { runs } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  const text = readFileSync(log, "utf8");
  const lines = text.slice(text.lastIndexOf("begin\n"), text.lastIndexOf("end\n")).split("\n");
  const of = (begin) => lines.filter((line) => line.startsWith(begin));
  const cells = [
    ...[placements(stderr), runs, of("launch ").length, of("product").length],
    ...[copies(of("copy H2D")), copies(of("copy D2H")), of("synchronize").length],
  ];
  return { cells, launches: of("launch ").map((line) => line.slice("launch ".length)) };
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

/** @param lines `copy KIND BYTES` */
function copies(lines) {
  const sum = lines.reduce((total, line) => total + Number(line.split(" ")[2]), 0);
  return `${lines.length} (${sum < 1e6 ? `${(sum / 1e3).toFixed(1)} kB` : `${(sum / 1e6).toFixed(1)} MB`})`;
}

/** @param launches mangled names of kernels */
function printKernels(launches) {
  const counts = new Map();
  for (const name of launches) counts.set(name, (counts.get(name) ?? 0) + 1);
  const most = [...counts].sort(([, a], [, b]) => b - a);
  const input = most.map(([name]) => name).join("\n");
  command("c++filt", [], { input })
    .trimEnd()
    .split("\n")
    .forEach((name, at) => {
      console.log(`  ${most[at][1]}  ${name.replace(/\(.*/, "").slice(0, 140)}`);
    });
}
