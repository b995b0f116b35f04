// Prepares a clone: installs the packages of the lock file (only when it changed) and builds. Uses
// only Node, because nothing is installed when it runs.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Nightbeam needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  if (result.status !== 0) {
    console.error(`\n"${command} ${args.join(" ")}" failed; see its output above.`);
    process.exit(result.status ?? 1);
  }
}

const installed = join(root, "node_modules", ".package-lock.json");
const lock = join(root, "package-lock.json");
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.log("Installing dependencies ...");
  // Not `npm ci`: it refuses a lock file that lacks packages of other platforms, which a registry
  // with only some platforms cannot provide. Versions and hashes come from the lock file either
  // way.
  run("npm", ["install", "--no-save", "--no-progress", "--loglevel=error"]);
}
run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-b"]);
run(process.execPath, [join(root, "packages", "page", "bundle.mjs")]);
