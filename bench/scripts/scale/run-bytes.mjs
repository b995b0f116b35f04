// The files of a run: number per part, and bytes per user, by folder.
//
//   node bench/scripts/scale/run-bytes.mjs RUN
//
// RUN: the directory of a complete run, of one machine or a cluster.
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

const [run] = process.argv.slice(2);
if (run === undefined) {
  console.error("usage: node bench/scripts/scale/run-bytes.mjs RUN");
  process.exit(2);
}
const { users, parts } = JSON.parse(await readFile(join(run, "manifest.json"), "utf8"));
console.log(`${users} users in ${parts.length} parts`);
for (const entry of await readdir(run, { withFileTypes: true })) {
  if (!entry.isDirectory()) continue;
  const names = await readdir(join(run, entry.name));
  const sizes = await Promise.all(names.map((name) => stat(join(run, entry.name, name))));
  const bytes = sizes.reduce((sum, { size }) => sum + size, 0);
  console.log(
    `${entry.name.padEnd(12)} ${(names.length / parts.length).toFixed(2)} files per part, ` +
      `${(bytes / users).toFixed(0)} bytes per user, ${(bytes / names.length / 1e3).toFixed(1)} KB per file`,
  );
}
