// Measures the memory of `nightbeam recommend` over many users: it must not grow with their number.
// Linux only: reads /proc.
//
//   node bench/scripts/memory.mjs [users, default 100000] [flags of recommend …]
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { streamHistories, writeWorld } from "@nightbeam/testing/world";

const [users = "100000", ...flags] = process.argv.slice(2);
const PART_SIZE = 1024;
const ITEMS = 2_000;
const SEED = 1;
/** By then workers have loaded their models and every buffer has been used. */
const WARM = 0.25;

// The command's first line sets memory flags, so it is run directly and not with node.
const command = join(
  dirname(fileURLToPath(import.meta.url)),
  "../../services/cli/bin/nightbeam.js",
);
const directory = mkdtempSync(join(tmpdir(), "nightbeam-memory-"));
try {
  await main();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function main() {
  const small = { levels: 3, codesPerLevel: 64, layers: 1, width: 16, heads: 2, maxItems: 4 };
  const world = await writeWorld({ directory, seed: SEED, items: ITEMS, users: 1, ...small });
  const histories = join(directory, "many.jsonl");
  await streamHistories({ file: histories, users: Number(users), items: ITEMS, seed: SEED });
  const out = join(directory, "out");
  const args = ["--target", world.target, "--catalogue", world.catalogue, "--out", out];
  args.push("--histories", histories, "--part-size", String(PART_SIZE));
  args.push("--draft", world.draft, "--draft-width", "20", ...flags);
  console.log(`nightbeam recommend, ${users} users, parts of ${PART_SIZE} ${flags.join(" ")}`);

  const child = spawn(command, ["recommend", ...args], { stdio: ["ignore", "inherit", "inherit"] });
  const started = performance.now();
  const samples = [];
  const timer = setInterval(() => {
    const rss = residentMiB(child.pid);
    if (rss === undefined) return;
    const seconds = (performance.now() - started) / 1000;
    samples.push({ seconds, rss, done: partsDone(out) * PART_SIZE });
  }, 1000);
  const code = await new Promise((resolve) => child.on("exit", resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`nightbeam ended with exit code ${code}`);
  report(samples);
}

function residentMiB(pid) {
  try {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return line === null ? undefined : Number(line[1]) / 1024;
  } catch {
    return undefined;
  }
}

function partsDone(out) {
  try {
    return readdirSync(join(out, "commits")).length;
  } catch {
    return 0;
  }
}

/** RSS at fractions of the users, and a linear fit of all samples after the warm-up. */
function report(samples) {
  const total = Number(users);
  for (const share of [0.1, 0.25, 0.5, 0.75, 1]) {
    const at = samples.find(({ done }) => done >= share * total) ?? samples.at(-1);
    if (at === undefined) continue;
    const where = `${String(100 * share).padStart(3)}% of users, ${at.seconds.toFixed(0)} s`;
    console.log(`${where.padEnd(24)} ${at.rss.toFixed(0)} MiB`);
  }
  const warm = samples.filter(({ done }) => done >= WARM * total);
  const peak = Math.max(...samples.map(({ rss }) => rss));
  console.log(`peak ${peak.toFixed(0)} MiB`);
  if (warm.length < 2) return;
  console.log(
    `after ${100 * WARM}% of the users: ${(1000 * slope(warm)).toFixed(3)} MiB per thousand users`,
  );
}

/** Least squares of RSS over users. */
function slope(samples) {
  const mean = (figure) => samples.reduce((sum, one) => sum + figure(one), 0) / samples.length;
  const x = mean(({ done }) => done);
  const y = mean(({ rss }) => rss);
  const covariance = mean(({ done, rss }) => (done - x) * (rss - y));
  return covariance / mean(({ done }) => (done - x) ** 2);
}
