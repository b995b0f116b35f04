// What all checks read: the repository's workspaces and files, and what each file imports and exports.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, relative, sep } from "node:path";
import { parseSync } from "oxc-parser";
import { ownerOf, readJson, readWorkspaces } from "../lib/workspaces.mjs";

const LEFT_OUT = new Set(["node_modules", "dist", "coverage", "__pycache__"]);
const CODE = new Set([".ts", ".tsx", ".mts", ".js", ".mjs", ".cjs"]);

/**
 * Reads a repository. `files` are all text files that git would keep, absolute; `modules` are those with
 * code, keyed by file. Test files are those under a folder called "test" of their workspace, or of the root.
 */
export function readTree(root) {
  const workspaces = readWorkspaces(root);
  const files = filesBelow(root, root);
  const modules = new Map();
  for (const file of files) {
    if (!CODE.has(extname(file))) continue;
    const owner = ownerOf(workspaces, file);
    const place = relative(owner?.directory ?? root, file).split(sep);
    modules.set(file, { file, owner, isTest: place.includes("test"), ...parse(file) });
  }
  const rootManifest = readJson(join(root, "package.json"));
  return { root, rootManifest, workspaces, files, modules, at: (file) => relative(root, file) };
}

/** The file that a relative import means, or undefined if there is none. */
export function resolveRelative(from, specifier) {
  const path = join(dirname(from), specifier);
  const candidates = [
    path.replace(/\.js$/, ".ts"),
    path.replace(/\.js$/, ".tsx"),
    path.replace(/\.mjs$/, ".mts"),
    path,
  ];
  return candidates.find((file) => existsSync(file) && statSync(file).isFile());
}

/** The workspace that a package import ("@nightbeam/api") means, or undefined. */
export function workspaceOf(workspaces, specifier) {
  return workspaces.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
}

/** The line of an offset, as editors count. */
export function lineOf(text, offset) {
  return text.slice(0, offset).split("\n").length;
}

function filesBelow(root, directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isFile()) return [path];
    const hidden = entry.name.startsWith(".") || LEFT_OUT.has(entry.name);
    if (!entry.isDirectory() || hidden || relative(root, path) === join("docs", "api")) return [];
    return filesBelow(root, path);
  });
}

function parse(file) {
  const text = readFileSync(file, "utf8");
  const parsed = parseSync(file, text);
  const { staticImports, staticExports } = parsed.module;
  const imports = staticImports.map(({ start, moduleRequest, entries }) => ({
    specifier: moduleRequest.value,
    line: lineOf(text, start),
    names: entries.map(({ importName }) => nameOf(importName)),
  }));
  const exports = staticExports.flatMap(({ entries }) =>
    entries.map((entry) => ({
      from: entry.moduleRequest?.value,
      start: entry.start,
      imported: nameOf(entry.importName),
      exported: entry.exportName.name ?? (entry.exportName.kind === "Default" ? "default" : "*"),
      local: entry.localName.name,
    })),
  );
  for (const { from, start, imported } of exports) {
    if (from) imports.push({ specifier: from, line: lineOf(text, start), names: [imported] });
  }
  imports.push(...importCalls(text, parsed.comments));
  // The syntax tree is costly to hand over and few files need it.
  return { text, imports, exports, locals: localNames(staticImports), syntax: () => parsed };
}

/** `import("…")` as an expression and as a type: both may use every name of the module. */
function importCalls(text, comments) {
  if (!text.includes("import(")) return [];
  let code = text;
  for (const { start, end } of comments) {
    code = code.slice(0, start) + " ".repeat(end - start) + code.slice(end);
  }
  return [...code.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g)].map(
    ({ 1: specifier, index }) => ({
      specifier,
      line: lineOf(text, index),
      names: ["*"],
    }),
  );
}

function localNames(staticImports) {
  const locals = new Map();
  for (const { moduleRequest, entries } of staticImports) {
    for (const { localName, importName } of entries) {
      locals.set(localName.value, { from: moduleRequest.value, imported: nameOf(importName) });
    }
  }
  return locals;
}

function nameOf({ kind, name }) {
  if (kind === "Default") return "default";
  return name ?? "*";
}
