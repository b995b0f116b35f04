// Prepares a clone: installs the packages of the lock file (only when it changed) and builds. Uses
// only Node, because nothing is installed when it runs.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Nightbeam needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

/** Runs a command and says every few seconds that it still works: npm and tsc are silent for up to a minute. */
async function run(text, [command, ...args]) {
  const started = performance.now();
  const { isTTY } = process.stdout;
  const line = () => `${text} ... ${((performance.now() - started) / 1000).toFixed(0)} s`;
  const say = () => process.stdout.write(isTTY ? `\r${line()}` : `${line()}\n`);
  process.stdout.write(isTTY ? line() : `${text} ...\n`);
  const timer = setInterval(say, isTTY ? 1_000 : 10_000);
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  const status = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  clearInterval(timer);
  if (isTTY) process.stdout.write(`\r${line()}\n`);
  if (status === 0) return;
  console.error(`\n"${command} ${args.join(" ")}" failed; see its output above.`);
  process.exit(status ?? 1);
}

const installed = join(root, "node_modules", ".package-lock.json");
const lock = join(root, "package-lock.json");
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  const { packages } = JSON.parse(readFileSync(lock, "utf8"));
  console.log(`Installing ${Object.keys(packages).length} packages, once.`);
  // Not `npm ci`: it refuses a lock file that lacks packages of other platforms, which a registry
  // with only some platforms cannot provide. Versions and hashes come from the lock file either
  // way.
  const npm = ["npm", "install", "--no-save", "--no-progress", "--loglevel=error"];
  await run("npm install", npm);
}
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
await run("Building", [process.execPath, tsc, "-b"]);
await run("Bundling the pages", [process.execPath, join(root, "packages", "page", "bundle.mjs")]);
