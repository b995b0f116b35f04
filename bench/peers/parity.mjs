// Largest difference between Nightbeam's log-probabilities and those of transformers, in float32, over
// the catalogue's children after prompt, first code, two codes, three codes of given lists.
//
//   node bench/peers/parity.mjs --model DIR --index index.json --lists lists.jsonl --python PYTHON
//
// A line of lists.jsonl: {"prompt": [token, …], "full": [{"codes": [code, …]}, …]}; the first list
// is used.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { childCodes, findPrefix } from "@nightbeam/catalogue";
import { openCatalogue } from "@nightbeam/dataset";
import { treeOf } from "@nightbeam/decoding";
import { openCheckpoint, openModel } from "@nightbeam/model";

const text = { type: "string" };
const { values: options } = parseArgs({
  options: { model: text, index: text, lists: text, python: text },
});
const scratch = mkdtempSync(join(tmpdir(), "nightbeam-parity-"));
try {
  const lists = readFileSync(options.lists, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const { promptSpec: spec } = await openCheckpoint(options.model);
  const tokenOf = (code, level) => spec.codeTokenOffsets[level] + code;
  const sequences = lists.map(({ prompt, full: [{ codes }] }) => [
    ...prompt,
    ...codes.slice(0, -1).map(tokenOf),
  ]);
  const expected = expectedOf(sequences);
  const catalogue = await openCatalogue(options.index);
  const model = await openModel({
    directory: options.model,
    catalogue,
    scoring: "full",
    precision: "fp32",
    cacheDirectory: scratch,
    workers: 1,
    threads: 1,
    cacheBytes: 0,
  });
  let largest = 0;
  let compared = 0;
  for (const [
    key,
    {
      prompt,
      full: [{ codes }],
    },
  ] of lists.entries()) {
    const prefixes = codes.map((_, depth) => findPrefix(catalogue.trie, codes.slice(0, depth)));
    const tree = treeOf(catalogue.trie, prefixes);
    const [answer] = await model.scorer.score([{ key, prompt: Int32Array.from(prompt), tree }]);
    let at = 0;
    for (const [depth, prefix] of prefixes.entries()) {
      const row = expected(key, prompt.length - 1 + depth);
      for (const code of childCodes(catalogue.trie, prefix)) {
        largest = Math.max(largest, Math.abs(answer.logProbs[at++] - row[tokenOf(code, depth)]));
        compared++;
      }
    }
  }
  await model.close();
  console.log(
    `${compared} log-probabilities of ${lists.length} users: largest difference to transformers ${largest.toExponential(1)}`,
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Log-probabilities of transformers by sequence and position, each over the whole vocabulary. */
function expectedOf(sequences) {
  const [prompts, out] = [join(scratch, "prompts.jsonl"), join(scratch, "logits.f32")];
  writeFileSync(prompts, `${sequences.map((one) => JSON.stringify(one)).join("\n")}\n`);
  const script = join(dirname(fileURLToPath(import.meta.url)), "logits_parity.py");
  const args = [
    script,
    "--model",
    options.model,
    "--prompts",
    prompts,
    "--out",
    out,
    "--log-softmax",
  ];
  const { status } = spawnSync(options.python, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw new Error("logits_parity.py failed; see its output above");
  const { vocabulary } = JSON.parse(readFileSync(join(scratch, "logits.json"), "utf8"));
  const floats = new Float32Array(new Uint8Array(readFileSync(out)).buffer);
  const starts = [0];
  for (const { length } of sequences) starts.push(starts.at(-1) + length);
  return (sequence, position) => {
    const row = starts[sequence] + position;
    return floats.subarray(row * vocabulary, (row + 1) * vocabulary);
  };
}
