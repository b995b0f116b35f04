// Each export of a package is used outside of it, appears in the signature of one that is, or states a reason.

import { declarationsOf, docstringsOf, typesIn } from "./declarations.mjs";
import { resolveRelative } from "./source-tree.mjs";

/** With text: the reason. */
const FOR_USERS = /@public(?:[ \t]+(\S.*?))?[ \t]*(?:\*\/|\n|$)/;

export function checkExports(tree) {
  const problems = [];
  for (const workspace of tree.workspaces) {
    for (const [specifier, source] of workspace.entries) {
      problems.push(...checkEntry(tree, { workspace, specifier, source }));
    }
  }
  return problems;
}

function checkEntry(tree, { workspace, specifier, source }) {
  const { at, modules } = tree;
  if (!modules.has(source)) {
    return [
      {
        place: at(source),
        message: `${specifier} has no source file`,
        remedy: "correct exports in package.json",
      },
    ];
  }
  const exports = exportsOf(tree, source);
  const used = usedNames(tree, { workspace, specifier, exports });
  const public_ = new Set();
  const problems = [];
  for (const [name, { file, local }] of exports) {
    const tag = FOR_USERS.exec(docstringsOf(modules.get(file), local));
    if (!tag) continue;
    public_.add(name);
    if (tag[1]) continue;
    problems.push({
      place: at(file),
      message: `${local}: @public without a reason`,
      remedy: 'say what users need it for: "@public to write your own drafter"',
    });
  }
  const justified = withSignatures(tree, exports, [...used, ...public_]);
  for (const [name, { file }] of exports) {
    if (justified.has(name)) continue;
    problems.push({
      place: at(file),
      message: `${specifier} exports ${name}, which nothing outside the package uses`,
      remedy: `delete it from ${at(source)}; if users need it, say what for in its docstring: @public to …`,
    });
  }
  return problems;
}

/** Name -> file and local name of its declaration, through all re-exports. */
function exportsOf({ modules }, file, seen = new Set()) {
  const found = new Map();
  const module = modules.get(file);
  if (!module || seen.has(file)) return found;
  seen.add(file);
  for (const { from, imported, exported, local } of module.exports) {
    const target = from?.startsWith(".") ? resolveRelative(file, from) : undefined;
    if (exported === "*" && target) {
      for (const [name, place] of exportsOf({ modules }, target, seen)) found.set(name, place);
    } else if (target && imported !== "*") {
      const place = exportsOf({ modules }, target).get(imported);
      found.set(exported, place ?? { file: target, local: imported });
    } else if (exported !== "*") found.set(exported, { file, local: local ?? exported });
  }
  return found;
}

/** The names of an entry point that files outside of the package import. */
function usedNames({ modules }, { workspace, specifier, exports }) {
  const used = new Set();
  for (const { owner, imports, text } of modules.values()) {
    if (owner === workspace) continue;
    for (const { names } of imports.filter((one) => one.specifier === specifier)) {
      for (const name of names) {
        if (name !== "*") used.add(name);
        // The whole namespace: what the file mentions is used.
        else
          for (const one of exports.keys())
            if (new RegExp(`\\b${one}\\b`).test(text)) used.add(one);
      }
    }
  }
  return used;
}

/** Adds the exported types that appear in signatures of `names`, and in signatures of those. */
function withSignatures({ modules }, exports, names) {
  const nameOfPlace = new Map([...exports].map(([name, place]) => [keyOf(place), name]));
  const justified = new Set(names);
  const queue = names.map((name) => exports.get(name)).filter(Boolean);
  const seen = new Set(queue.map(keyOf));
  for (const { file, local } of queue) {
    const module = modules.get(file);
    const types = declarationsOf(module, local).flatMap(({ node }) => [...typesIn(node)]);
    for (const type of types) {
      const place = placeOf({ modules }, module, type);
      if (!place || seen.has(keyOf(place))) continue;
      seen.add(keyOf(place));
      queue.push(place);
      const name = nameOfPlace.get(keyOf(place));
      if (name) justified.add(name);
    }
  }
  return justified;
}

/** Where a name that a module uses is declared, if that is within the package. */
function placeOf(tree, module, name) {
  const local = module.locals.get(name);
  if (!local) return { file: module.file, local: name };
  if (!local.from.startsWith(".")) return undefined;
  const target = resolveRelative(module.file, local.from);
  return target && exportsOf(tree, target).get(local.imported);
}

const keyOf = ({ file, local }) => `${file}:${local}`;
