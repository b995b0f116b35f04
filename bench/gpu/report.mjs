// Writes what run.mjs measured into docs/results/gpu.md, in place of the figures of before.
//
//   node bench/gpu/report.mjs OUT [--to FILE]
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./lib/places.mjs";
import { cardTable, generateTable, listsTable, speedTable, verifierTable } from "./lib/tables.mjs";

const BEGIN = "<!-- measured: begin -->";
const END = "<!-- measured: end -->";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { to: { type: "string", default: join(root, "docs", "results", "gpu.md") } },
});
const [out] = positionals;
if (out === undefined) {
  console.error("usage: node bench/gpu/report.mjs OUT [--to FILE]");
  process.exit(2);
}
const results = (...names) => names.map(readResult).filter((result) => result !== undefined);
const text = readFileSync(values.to, "utf8");
const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
if (before < 0 || after < before) {
  throw new Error(`${values.to} has no lines ${BEGIN} and ${END}, between which the figures go`);
}
writeFileSync(
  values.to,
  `${text.slice(0, before + BEGIN.length)}\n\n${measured()}\n\n${text.slice(after)}`,
);

function measured() {
  const [card] = results("card");
  const lists = results("lists-fp32", "lists-tf32", "lists-fp16", "lists-bf16");
  const speeds = results(
    ...["pair", "tiny", "0.1b", "1b", "7b", "experiment"].map((name) => `speed-${name}`),
  );
  const generates = results(...["pair", "tiny", "7b"].map((name) => `generate-${name}`));
  const verifiers = results("verifier");
  const [any] = [...results("card"), ...lists, ...speeds];
  if (any === undefined) throw new Error(`${out} has no results of run.mjs`);
  return [
    "## Measured",
    `${any.card}; processor: ${any.processor}.${any.rehearse ? " **A rehearsal: these figures say nothing.**" : ""}`,
    ...(card === undefined ? [] : ["### The card", cardTable(card), sourceOf(card)]),
    ...(lists.length === 0 ? [] : ["### Lists", listsTable(lists), ...lists.map(sourceOf)]),
    ...speeds.flatMap((one) => [`### Time: ${one.step}`, speedTable(one, card), sourceOf(one)]),
    ...generates.flatMap((one) => [
      `### transformers: ${one.step}`,
      generateTable(one),
      sourceOf(one),
    ]),
    ...verifiers.flatMap((one) => ["### A verifier over gRPC", verifierTable(one), sourceOf(one)]),
  ].join("\n\n");
}

/** The command of a table, and how it ended if that was not well. */
function sourceOf({ command, status, lastLines, seconds }) {
  const ended = status === "done" ? "" : `\n\nIt ended after ${seconds.toFixed(0)} s: ${status}.`;
  const lines = status === "failed" ? `\n\n\`\`\`\n${lastLines.slice(-5).join("\n")}\n\`\`\`` : "";
  // Paths of this repository are kept, of others only the last part.
  const short = command.replaceAll(`${root}/`, "").replace(/(^| )\/\S*\//g, "$1");
  return `\`${short}\`${ended}${lines}`;
}

function readResult(name) {
  const file = join(out, `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}
