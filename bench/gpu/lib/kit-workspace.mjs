import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { command } from "./command.mjs";
import { root } from "./places.mjs";

/** What a machine needs that runs bench/gpu: the command line, the benchmarks, and the training. */
const ROOTS = ["nightbeam", "@nightbeam/bench", "@nightbeam/protocol"];
const WORKSPACES = ["packages", "services"];
const OTHERS = ["bench", "training", "scripts/lib", "package.json", "docs/results/gpu.md"];
/** Folders of sources and tests, and files for other systems or for debuggers. */
const LEFT_OUT =
  /\/(src|test|tests|\.venv|__pycache__)$|\.(map|d\.ts|d\.cts|d\.mts|tsbuildinfo)$|\/(darwin|win32|arm64)$|providers_\w+\.so$/;

/**
 * Copies the built workspace without what only development needs.
 *
 * @param {string} target
 */
export function copyWorkspace(target) {
  const filter = (path) => !LEFT_OUT.test(path);
  const copy = (path, options = {}) => {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(root, path), join(target, path), { recursive: true, ...options });
  };
  for (const path of OTHERS) copy(path, { filter });
  mkdirSync(join(target, "node_modules", "@nightbeam"), { recursive: true });
  for (const path of [...WORKSPACES.flatMap(childrenOf), "bench"]) {
    if (path !== "bench")
      copy(path, { filter: (inside) => filter(inside) && !/node_modules$/.test(inside) });
    const { name } = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"));
    const link = join(target, "node_modules", name);
    symlinkSync(relative(dirname(link), join(target, path)), link);
  }
  // A package may have folders that are called as those of our sources.
  const inModules = (path) => !LEFT_OUT.test(path) || /\/(src|test|tests)$/.test(path);
  for (const path of thirdParty()) copy(path, { filter: inModules });
}

function childrenOf(folder) {
  return readdirSync(join(root, folder))
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(root, path, "package.json")));
}

/** Directories of the packages that the roots need, relative to the repository. */
function thirdParty() {
  const workspaces = ROOTS.flatMap((name) => ["--workspace", name]);
  const args = ["ls", "--omit=dev", "--all", "--parseable", ...workspaces];
  const paths = command("npm", args, { cwd: root }).trim().split("\n");
  const inside = paths
    .map((path) => relative(root, path))
    .filter((path) => path.includes("node_modules") && existsSync(join(root, path)))
    .filter((path) => basename(dirname(path)) !== "@nightbeam" && basename(path) !== "nightbeam");
  // A package inside of another one comes along with it.
  return inside.filter((path) => !inside.some((other) => path.startsWith(`${other}/`)));
}
