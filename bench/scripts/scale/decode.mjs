// Lists over a large catalogue with a tiny target: what the catalogue itself costs, without a model's work. Linux only.
//
//   node bench/scripts/scale/decode.mjs CATALOGUE [--users 2000] [--beam-width 20] [-- flags of recommend …]
//
// CATALOGUE: 4 × 256 codes, such as `nightbeam catalogue` prepares from a file of catalogue-file.mjs. The users' histories are
// items of it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openCatalogue } from "@nightbeam/dataset";
import { writeWorld } from "@nightbeam/testing/world";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    users: { type: "string", default: "2000" },
    "beam-width": { type: "string", default: "20" },
  },
});
const [catalogue, ...flags] = positionals;
if (catalogue === undefined) {
  console.error(
    "usage: node bench/scripts/scale/decode.mjs CATALOGUE [--users N] [--beam-width K]",
  );
  process.exit(2);
}
const users = Number(values.users);
const scripts = dirname(fileURLToPath(import.meta.url));
const command = join(scripts, "../../../services/cli/bin/nightbeam.js");
const directory = mkdtempSync(join(tmpdir(), "nightbeam-decode-"));
try {
  const small = { levels: 4, codesPerLevel: 256, layers: 1, width: 16, heads: 2, maxItems: 4 };
  const world = await writeWorld({ directory, seed: 1, items: 1_000, users: 1, ...small });
  const histories = join(directory, "many.jsonl");
  await writeHistories(histories);
  const out = join(directory, "out");
  const args = ["--target", world.target, "--catalogue", catalogue, "--histories", histories];
  args.push("--out", out, "--beam-width", values["beam-width"], ...flags);
  const child = spawn(command, ["recommend", ...args], { stdio: ["ignore", "ignore", "inherit"] });
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMb(child.pid));
  }, 200);
  const [code] = await once(child, "exit");
  clearInterval(timer);
  if (code !== 0) throw new Error(`nightbeam ended with exit code ${code}`);
  const { stats } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
  console.log(
    `K = ${values["beam-width"]}: ${users} users in ${stats.wallSeconds.toFixed(1)} s, ` +
      `${(users / stats.wallSeconds).toFixed(1)} users/s; at most ${peak.toFixed(0)} MB`,
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function writeHistories(file) {
  const { itemCount, itemId } = await ids();
  const stream = createWriteStream(file);
  let state = 1;
  const item = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return itemId(Math.floor((state / 2 ** 32) * itemCount));
  };
  for (let user = 0; user < users; user++) {
    const line = { user: `u${user}`, history: [item(), item(), item()] };
    if (!stream.write(`${JSON.stringify(line)}\n`)) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "finish");
}

async function ids() {
  const opened = await openCatalogue(catalogue);
  return { itemCount: opened.itemCount, itemId: (index) => opened.itemId(index) };
}

/** Resident memory of a process; 0 if it has ended. */
function residentMb(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1e3;
  } catch {
    return 0;
  }
}
