import { SettingsError } from "./errors.js";

/** What a draft is made of, as the setting `draft` names it. */
export type DraftName =
  | { readonly kind: Word }
  | { readonly kind: Source | "checkpoint"; readonly path: string };

type Word = (typeof WORDS)[number];
type Source = (typeof SOURCES)[number]["kind"];

/** Drafts that need no file: the word is the name. */
const WORDS = [
  /** Item-to-item counts in the run's histories. */
  "transitions",
  /** Random paths of the catalogue. */
  "retrieval",
] as const;

/** Drafts from files, written `word:PATH`: what the path names, in short and in full. */
const SOURCES = [
  { kind: "previous", short: "RUN_DIR", path: "the directory of a finished run" },
  {
    kind: "candidates",
    short: "FILE_OR_RUN",
    path: "a file of lists (.parquet or .jsonl), or the directory of a finished run",
  },
] as const;

/** The forms of a draft's name, for help texts. */
export const DRAFT_FORMS = [
  "a small checkpoint",
  ...WORDS,
  ...SOURCES.map(({ kind, short }) => `${kind}:${short}`),
  "or several",
].join(", ");

/**
 * Reads a draft's name. A name without one of the words is a checkpoint's directory; a directory that
 * is called like a word is written as a path: `./retrieval`.
 *
 * @throws SettingsError BAD_DRAFT
 */
export function parseDraftName(text: string): DraftName {
  const word = WORDS.find((one) => one === text);
  if (word !== undefined) return { kind: word };
  for (const { kind, path: expected } of SOURCES) {
    if (text !== kind && !text.startsWith(`${kind}:`)) continue;
    const path = text.slice(kind.length + 1);
    if (path === "") throw badDraft(text, `write ${kind}:PATH, where PATH is ${expected}`);
    if (path.includes("://")) {
      throw badDraft(
        text,
        "lists are only read from directories and files; copy them to one that this machine sees",
      );
    }
    return { kind, path };
  }
  return { kind: "checkpoint", path: text };
}

/**
 * Returns a draft's name with its path, if it has one, replaced.
 *
 * @throws SettingsError BAD_DRAFT
 */
export function draftAt(text: string, place: (path: string) => string): string {
  const name = parseDraftName(text);
  if (!("path" in name)) return text;
  const path = place(name.path);
  return name.kind === "checkpoint" ? path : `${name.kind}:${path}`;
}

/** The name of the n-th draft that is a model among a plan's versions: `draft`, `draft2`, … */
export function draftVersion(n: number): string {
  return n === 1 ? "draft" : `draft${n}`;
}

function badDraft(text: string, remedy: string): SettingsError {
  return new SettingsError("BAD_DRAFT", [{ path: [], message: `\`draft\` ${text}: ${remedy}` }]);
}
