// The workspaces of a repository, read from its root package.json.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";

const SCOPE = /^@[^/]+\//;

/**
 * All workspaces below `root`, sorted by directory.
 *
 * `short` is the name without its scope, `directory` is absolute, `manifest` is package.json as parsed, and
 * `entries` maps what can be imported ("@nightbeam/api") to the source file behind it.
 */
export function readWorkspaces(root) {
  const { workspaces = [] } = readJson(join(root, "package.json"));
  return workspaces
    .flatMap((pattern) => directoriesOf(root, pattern))
    .filter((directory) => existsSync(join(directory, "package.json")))
    .sort()
    .map((directory) => {
      const manifest = readJson(join(directory, "package.json"));
      const { name } = manifest;
      return {
        name,
        short: name.replace(SCOPE, ""),
        directory,
        manifest,
        entries: entriesOf(directory, manifest),
      };
    });
}

/** The innermost workspace that holds a file; undefined for files of the root. */
export function ownerOf(workspaces, file) {
  const owners = workspaces.filter(({ directory }) => file.startsWith(directory + sep));
  return owners.sort((a, b) => b.directory.length - a.directory.length)[0];
}

export function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

function directoriesOf(root, pattern) {
  if (!pattern.endsWith("/*")) return [join(root, pattern)];
  const parent = join(root, pattern.slice(0, -2));
  if (!existsSync(parent)) return [];
  const entries = readdirSync(parent, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(parent, name));
}

function entriesOf(directory, { name, exports = {} }) {
  const entries = new Map();
  for (const [subpath, target] of Object.entries(exports)) {
    const built = typeof target === "string" ? target : target.default;
    if (!built?.startsWith("./dist/")) continue;
    const source = built.replace("./dist/", "src/").replace(/\.js$/, ".ts");
    entries.set(name + subpath.slice(1), join(directory, source));
  }
  return entries;
}
