import { SettingsError } from "./errors.js";

/** The properties of a kind of draft. Help, rules and messages derive from it. */
export interface DraftTraits {
  /** Whether it has probabilities, so that relaxed lists can be drawn from it; lists have none. */
  readonly canBeDrawnFrom: boolean;
  /** Whether it cannot be made without histories. */
  readonly needsHistories: boolean;
  /** Settings that narrow the counts it is made of: of items in histories, of items in the catalogue. */
  readonly countedIn: readonly ("limit" | "allow" | "block")[];
}

/** Drafts that need no file: the word is the name. */
const WORDS = {
  /** Item-to-item counts in the run's histories. */
  transitions: {
    canBeDrawnFrom: true,
    needsHistories: true,
    countedIn: ["limit", "allow", "block"],
  },
  /** Random paths of the catalogue. */
  retrieval: { canBeDrawnFrom: true, needsHistories: false, countedIn: ["allow", "block"] },
} as const satisfies Record<string, DraftTraits>;

/** Drafts from files, written `word:PATH`: what the path names, in short and in full. */
const SOURCES = {
  previous: {
    short: "RUN_DIR",
    path: "the directory of a finished run",
    canBeDrawnFrom: false,
    needsHistories: false,
    countedIn: [],
  },
  candidates: {
    short: "FILE_OR_RUN",
    path: "a file of lists (.parquet or .jsonl), or the directory of a finished run",
    canBeDrawnFrom: false,
    needsHistories: false,
    countedIn: [],
  },
} as const satisfies Record<
  string,
  DraftTraits & { readonly short: string; readonly path: string }
>;

const CHECKPOINT: DraftTraits = { canBeDrawnFrom: true, needsHistories: false, countedIn: [] };

type Word = keyof typeof WORDS;
type Source = keyof typeof SOURCES;

/** What a draft is made of, as the setting `draft` names it. */
export type DraftName =
  | { readonly kind: Word }
  | { readonly kind: Source | "checkpoint"; readonly path: string };

const words = Object.keys(WORDS).filter((one): one is Word => one in WORDS);
const sources = Object.keys(SOURCES).filter((one): one is Source => one in SOURCES);

/** The forms of a draft's name, for help texts. */
export const DRAFT_FORMS = [
  "a small checkpoint",
  ...words,
  ...sources.map((kind) => `${kind}:${SOURCES[kind].short}`),
  "or several",
].join(", ");

/** Drafts that relaxed lists can be drawn from, for messages: "a checkpoint, transitions or …". */
export const DRAWABLE_DRAFTS = ["a checkpoint", ...words.filter((one) => WORDS[one].canBeDrawnFrom)]
  .join(", ")
  .replace(/, ([^,]*)$/, " or $1");

/**
 * Returns what the draft of a name is like.
 *
 * @throws SettingsError BAD_DRAFT
 */
export function draftTraits(draft: string): DraftTraits {
  const { kind } = parseDraftName(draft);
  return kind === "checkpoint" ? CHECKPOINT : { ...WORDS, ...SOURCES }[kind];
}

/**
 * Reads a draft's name. A name without one of the words is a checkpoint's directory; a directory that
 * is called like a word is written as a path: `./retrieval`.
 *
 * @throws SettingsError BAD_DRAFT
 */
export function parseDraftName(text: string): DraftName {
  const word = words.find((one) => one === text);
  if (word !== undefined) return { kind: word };
  for (const kind of sources) {
    if (text !== kind && !text.startsWith(`${kind}:`)) continue;
    const path = text.slice(kind.length + 1);
    if (path === "")
      throw badDraft(text, `write ${kind}:PATH, where PATH is ${SOURCES[kind].path}`);
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
