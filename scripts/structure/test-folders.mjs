// Tests share helpers through a workspace, never by a path into the test folder of another one.
import { existsSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { ownerOf } from "../lib/workspaces.mjs";
import { lineOf } from "./source-tree.mjs";

// Imports, and paths of programs that a test starts.
const RELATIVE_PATH = /["'`](\.\.?\/[^"'`$\n]*)["'`]/g;

export function checkTestFolders({ root, workspaces, modules, at }) {
  const problems = [];
  for (const { file, owner, text } of modules.values()) {
    for (const { 1: path = "", index } of text.matchAll(RELATIVE_PATH)) {
      const target = resolve(dirname(file), path);
      const other = ownerOf(workspaces, target);
      if (other === owner || !isInTestFolder(target, other?.directory ?? root)) continue;
      const source = target.replace(/\.js$/, ".ts");
      if (!existsSync(target) && !existsSync(source)) continue;
      problems.push({
        place: `${at(file)}:${lineOf(text, index)}`,
        message: `reaches into the test folder of ${other?.name ?? "the repository"}: ${path}`,
        remedy: "move the helper into a workspace that both can import",
      });
    }
  }
  return problems;
}

function isInTestFolder(target, directory) {
  return relative(directory, target).split(sep).includes("test");
}
