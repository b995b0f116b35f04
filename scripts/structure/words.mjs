// A limit is called "max…", everywhere. Flags and variables that were published under another name keep it
// as a hidden alias; hidden-aliases.json lists them.
import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { readJson } from "../lib/workspaces.mjs";
import { lineOf } from "./source-tree.mjs";

const READ = new Set([".ts", ".mts", ".mjs", ".js", ".py", ".md", ".json", ".yaml", ".proto"]);
const LIST = join("scripts", "structure", "hidden-aliases.json");
const OLD_WORD = /--most-[\w-]+|\bmost[A-Z]\w*|\b\w*MOST[_]\w*/g;

/** `aliases` are the words that are allowed; by default those of hidden-aliases.json. */
export function checkWords({ root, files, at }, aliases = readAliases(root)) {
  const problems = [];
  const seen = new Set();
  for (const file of files) {
    if (!READ.has(extname(file)) || at(file) === LIST) continue;
    const text = readFileSync(file, "utf8");
    for (const { 0: word, index } of text.matchAll(OLD_WORD)) {
      seen.add(word);
      if (aliases.includes(word)) continue;
      problems.push({
        place: `${at(file)}:${lineOf(text, index)}`,
        message: `"${word}": a limit is called max`,
        remedy: `rename it; a published flag or variable keeps the old name as a hidden alias, listed in ${LIST}`,
      });
    }
  }
  for (const alias of aliases) {
    if (seen.has(alias)) continue;
    problems.push({
      place: LIST,
      message: `the alias "${alias}" is not used`,
      remedy: "delete it",
    });
  }
  return problems;
}

function readAliases(root) {
  try {
    return readJson(join(root, LIST));
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
}
