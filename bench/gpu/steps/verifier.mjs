// Users per second through one verifier over gRPC, with drafts and the search on the processor.
//
//   node bench/gpu/steps/verifier.mjs --target DIR --draft DIR --catalogue FILE --golden FILE
//        --device cuda [--precision fp32] [--seconds 8]
//
// The users are those of the golden file, again and again. A row per way: plain search, and trees of
// --draft-width prefixes per level.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { openCatalogue } from "@nightbeam/dataset";
import { fixedWidths, ModelDrafter, speculativeDecoder, uniformWidths } from "@nightbeam/decoding";
import { answersHash, checkpointHash, openCheckpoint, openModel } from "@nightbeam/model";
import { VerifierClient } from "@nightbeam/protocol";
import { FILE_FLAGS } from "../lib/given-files.mjs";
import { root, scratch } from "../lib/places.mjs";
import { deviceOf, printRow } from "../lib/rows.mjs";

const { values } = parseArgs({
  options: {
    ...FILE_FLAGS,
    device: { type: "string", default: "cuda" },
    precision: { type: "string", default: "fp32" },
    "draft-width": { type: "string", default: "40" },
    "beam-width": { type: "string", default: "20" },
    batch: { type: "string", default: "64" },
    "batches-in-flight": { type: "string", default: "8" },
    seconds: { type: "string", default: "8" },
  },
});
const { target, precision } = values;
const { kind } = deviceOf(values.device);
const catalogue = await openCatalogue(values.catalogue);
const { trie } = catalogue;
const verifier = await startVerifier();
const draft = await openModel({
  ...{ directory: values.draft, catalogue, scoring: "full", precision: "fp32", threads: 1 },
  ...{ cacheDirectory: scratch, workers: 2, cacheBytes: 2 ** 28 },
});
const client = new VerifierClient({
  directory: {
    endpoints: [{ id: "verifier", address: verifier.address, draining: false }],
    onChange: () => () => undefined,
  },
  trie,
  target: answersHash({
    ...{ checkpoint: await checkpointHash(await openCheckpoint(target)), precision, device: kind },
  }),
  catalogue: catalogue.hash,
  scoring: "full",
});
const prompts = readFileSync(values.golden, "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => Int32Array.from(JSON.parse(line).prompt))
  .sort((a, b) => a.length - b.length);
let key = 0;
try {
  for (const width of [0, Number(values["draft-width"])]) {
    const abort = new AbortController();
    const decoder = speculativeDecoder({
      target: client.scorer({ signal: abort.signal, deadline: Date.now() + 600_000 }),
      drafter: new ModelDrafter(draft.scorer),
      policy: fixedWidths(uniformWidths(width, trie.levels)),
      space: { trie, scoring: "full" },
      beamWidth: Number(values["beam-width"]),
    });
    await decoder.decode(jobsFrom(0), abort.signal);
    const started = performance.now();
    const end = started + 1000 * Number(values.seconds);
    const costs = [];
    let batches = 0;
    const decodeUntilEnd = async () => {
      while (performance.now() < end) {
        const outcomes = await decoder.decode(jobsFrom(batches++), abort.signal);
        costs.push(...outcomes.map(({ cost }) => cost));
      }
    };
    await Promise.all(Array.from({ length: Number(values["batches-in-flight"]) }, decodeUntilEnd));
    const seconds = (performance.now() - started) / 1000;
    printRow({
      ...{ way: width === 0 ? "plain" : "drafted", draftWidth: width, precision },
      ...{ users: costs.length, seconds, usersPerSecond: costs.length / seconds },
      callsPerUser: costs.reduce((sum, { calls }) => sum + calls, 0) / costs.length,
    });
  }
} finally {
  await client.close();
  await draft.close();
  verifier.stop();
}

/** A batch of users of about the same prompt length. */
function jobsFrom(batch) {
  const size = Number(values.batch);
  const from = (batch * size) % prompts.length;
  return Array.from({ length: size }, (_, at) => ({
    ...{ key: key++, prompt: prompts[(from + at) % prompts.length], history: new Uint32Array() },
    exclusion: NOTHING_EXCLUDED,
  }));
}

/** Starts `nightbeam verifier` on a free port. */
async function startVerifier() {
  const command = join(root, "services", "cli", "bin", "nightbeam.js");
  const args = ["verifier", "--target", target, "--catalogue", values.catalogue];
  args.push("--device", values.device, "--precision", precision, "--listen", "127.0.0.1:0");
  args.push("--log-format", "pretty");
  const child = spawn(process.execPath, [command, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  child.stderr.pipe(process.stderr);
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const [, address] = /ready on (\S+)/.exec(line) ?? [];
    if (address === undefined) continue;
    child.stdout.resume();
    return { address, stop: () => child.kill() };
  }
  throw new Error("the verifier ended before it was ready");
}
