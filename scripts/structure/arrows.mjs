// The arrows between workspaces: as drawn in docs/architecture.md, as imported, and as declared in
// package.json. All three have to agree.
import { existsSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { findCycles } from "./cycles.mjs";
import { workspaceOf } from "./source-tree.mjs";

const DRAWING = join("docs", "architecture.md");
const BLOCK = /^```dependencies\n([\s\S]*?)^```$/m;

export function checkArrows(tree) {
  const { root, workspaces, at } = tree;
  const page = join(root, DRAWING);
  const block = existsSync(page) ? BLOCK.exec(readFileSync(page, "utf8")) : null;
  if (!block) {
    return [problem(DRAWING, "no block ```dependencies", "add one: --draw prints it")];
  }
  const drawn = readDrawing(block[1]);
  const imported = importedArrows(tree);
  const problems = [];
  const known = new Map(workspaces.map((workspace) => [workspace.short, workspace]));
  for (const [from, targets] of drawn) {
    for (const name of [from, ...targets]) {
      if (known.has(name)) continue;
      problems.push(
        problem(
          DRAWING,
          `"${name}" is drawn, but no workspace has this name`,
          "rename or delete it",
        ),
      );
    }
  }
  for (const { short, directory, manifest } of workspaces) {
    const arrows = drawn.get(short);
    const manifestPlace = at(join(directory, "package.json"));
    if (!arrows) {
      problems.push(
        problem(DRAWING, `workspace "${short}" is not drawn`, `add a line "${short} -> …"`),
      );
      continue;
    }
    const uses = imported.get(short);
    const declared = declaredArrows(workspaces, manifest);
    for (const [target, place] of uses) {
      if (!arrows.has(target)) {
        problems.push(
          problem(
            place,
            `${short} imports ${target}, which is not drawn`,
            `remove the import, or draw ${short} -> ${target}`,
          ),
        );
      }
      if (!declared.has(target)) {
        problems.push(
          problem(
            place,
            `${short} imports ${target} without a dependency`,
            `add it to ${manifestPlace}`,
          ),
        );
      }
    }
    for (const target of declared) {
      if (!arrows.has(target)) {
        problems.push(
          problem(
            manifestPlace,
            `${short} depends on ${target}, which is not drawn`,
            "remove the dependency, or draw it",
          ),
        );
      }
    }
    for (const target of arrows) {
      if (uses.has(target) || !known.has(target)) continue;
      problems.push(
        problem(
          DRAWING,
          `${short} -> ${target} is drawn, but no source file imports it`,
          "delete the arrow and the dependency",
        ),
      );
    }
  }
  for (const cycle of findCycles(drawn)) {
    problems.push(
      problem(
        DRAWING,
        `the arrows form a cycle: ${cycle.join(" -> ")}`,
        "move what both need into one of them",
      ),
    );
  }
  return problems;
}

/** The block as the tree is now, to be pasted into the page: each package after those that it needs. */
export function drawArrows(tree) {
  const imported = importedArrows(tree);
  const height = (name) => 1 + Math.max(-1, ...[...imported.get(name).keys()].map(height));
  const names = [...imported.keys()].sort((a, b) => height(a) - height(b) || (a < b ? -1 : 1));
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) =>
    `${name.padEnd(width)} -> ${[...imported.get(name).keys()].sort().join(" ")}`.trimEnd(),
  );
  return ["```dependencies", ...lines, "```"].join("\n");
}

function readDrawing(block) {
  const drawn = new Map();
  for (const line of block.split("\n")) {
    const [from, targets] = line.split("->").map((part) => part.trim());
    if (from) drawn.set(from, new Set(targets?.split(/\s+/).filter(Boolean)));
  }
  return drawn;
}

/** What a package is built from. Its tests and scripts may import what it does not ship with. */
const SOURCES = ["src", "bin"];

/** For each workspace, which others its sources import, types included, and one place where. */
function importedArrows({ workspaces, modules, at }) {
  const arrows = new Map(workspaces.map(({ short }) => [short, new Map()]));
  for (const { file, owner, imports } of modules.values()) {
    if (!owner || !SOURCES.includes(relative(owner.directory, file).split(sep)[0])) continue;
    for (const { specifier, line } of imports) {
      const target = workspaceOf(workspaces, specifier);
      if (!target || target === owner) continue;
      const known = arrows.get(owner.short);
      if (!known.has(target.short)) known.set(target.short, `${at(file)}:${line}`);
    }
  }
  return arrows;
}

function declaredArrows(workspaces, manifest) {
  const names = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  return new Set(workspaces.filter(({ name }) => names.includes(name)).map(({ short }) => short));
}

function problem(place, message, remedy) {
  return { place, message, remedy };
}
