import { SettingsError } from "./errors.js";

/** What a draft is made of, as `--draft` and a run's request name it. */
export type DraftName =
  | { readonly kind: Word }
  | { readonly kind: Source | "checkpoint"; readonly path: string };

type Word = (typeof WORDS)[number];
type Source = (typeof SOURCES)[number]["kind"];

/** Drafts that need nothing: their word is their name. */
const WORDS = [
  /** Item-to-item counts in the run's histories. */
  "transitions",
  /** The catalogue's paths, at random. */
  "retrieval",
] as const;

/** Drafts from files, written `word:PATH`, and what the path names. */
const SOURCES = [
  { kind: "previous", path: "the directory of a finished run" },
  {
    kind: "candidates",
    path: "a file of lists (.parquet or .jsonl), or the directory of a finished run",
  },
] as const;

/** The forms of a draft's name, for a help text. */
export const DRAFT_FORMS =
  "a small checkpoint, transitions, retrieval, previous:RUN_DIR, candidates:FILE_OR_RUN, or several";

/**
 * Reads a draft's name. Whatever has none of the words is a checkpoint's directory; one that is
 * called like a word is written with a path: `./retrieval`.
 *
 * @throws SettingsError BAD_DRAFT
 */
export function parseDraftName(text: string): DraftName {
  const word = WORDS.find((one) => one === text);
  if (word !== undefined) return { kind: word };
  for (const { kind, path: expected } of SOURCES) {
    if (text !== kind && !text.startsWith(`${kind}:`)) continue;
    const path = text.slice(kind.length + 1);
    if (path === "") {
      throw new SettingsError(
        "BAD_DRAFT",
        `--draft ${text}: write ${kind}:PATH, and for PATH ${expected}`,
      );
    }
    if (path.includes("://")) {
      throw new SettingsError(
        "BAD_DRAFT",
        `--draft ${text}: lists are read from directories and files alone; copy them to one that this machine sees`,
      );
    }
    return { kind, path };
  }
  return { kind: "checkpoint", path: text };
}

/**
 * A draft's name with its path, where it has one, replaced.
 *
 * @throws SettingsError BAD_DRAFT
 */
export function draftAt(text: string, place: (path: string) => string): string {
  const name = parseDraftName(text);
  if (!("path" in name)) return text;
  const path = place(name.path);
  return name.kind === "checkpoint" ? path : `${name.kind}:${path}`;
}

/** What the n-th draft that is a model is called among a plan's versions: `draft`, `draft2`, … */
export function draftVersion(n: number): string {
  return n === 1 ? "draft" : `draft${n}`;
}
