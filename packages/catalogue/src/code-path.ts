import { CatalogueError } from "./errors.js";
import { excerpt } from "./excerpt.js";

/** A code path as a source writes it: its codes, or all of them in one text. */
export type PathValue = string | readonly unknown[];

/** `<…>` as one token, so that a path in one text can be cut. */
const TOKENS = /<[^<>]*>/g;
/** What surrounds a path in some prompts: `<|sid_begin|>`, `<|sid_end|>`. */
const SURROUNDING = /^<[^<>\d]*(begin|start|end)[^<>\d]*>$/i;
/** Between the codes of a path in one text without `<…>`: the first that occurs. A dash follows a digit: `-1` is a number. */
const SEPARATORS = [/,/, /;/, /\|/, /\s+/, /_/, /(?<=\d)-/] as const;
/** Perhaps a prefix, perhaps the level as a letter or a number, and the code. */
const TOKEN = /^(?:(?:.*[_:|-])?([a-z]|\d{1,2})[_:-])?(0|[1-9]\d*)$/i;
const SHORT_TOKEN = /^([a-z])(0|[1-9]\d*)$/i;
const NUMBER = /^[+-]?\d+(?:\.0*)?$/;

/**
 * Reads an item's code path: `["<a_1>", "<b_2>"]`, `"<a_1><b_2>"`, `[1, 2]`, `"1-2"`, `"[1, 2]"`. A token is spelled
 * `<a_1>`, `<A_1>`, `<s_a_1>`, `<|a_1|>`, `a1`, `<0_1>` or `<1>`: a letter or a number names its level, in order. Numbers
 * that are whole may have a fraction of zeros, which data frames write.
 *
 * @param where the place, for messages: `line 17`, `item "123"`
 * @returns the codes as they are written; whether they are in range is checked when the item is added
 * @throws CatalogueError BAD_CODE, showing the value and the place
 */
export function parseCodePath(value: PathValue, where: string): number[] {
  const parts = withoutSurroundings(typeof value === "string" ? partsOf(value, where) : value);
  const codes = parts.map((part, level) => readCode(part, { level, where }));
  // Levels that are numbers count from 0 or from 1.
  const base = codes[0]?.levelNumber;
  const stray = codes.findIndex(({ levelNumber }, level) => levelNumber !== shifted(base, level));
  if (stray >= 0) throw otherLevel(parts[stray], { level: stray, where });
  return codes.map(({ code }) => code);
}

function shifted(base: number | undefined, level: number): number | undefined {
  return base === undefined ? undefined : base + level;
}

function partsOf(text: string, where: string): readonly string[] {
  const trimmed = text.trim();
  const list = /^[[(](.*)[\])]$/s.exec(trimmed)?.[1];
  if (list !== undefined) return listParts(list, where);
  const tokens = trimmed.match(TOKENS);
  if (tokens === null) return trimmed === "" ? [] : numbersOf(trimmed);
  const between = trimmed.replaceAll(TOKENS, "");
  if (!/[^\s,;|_-]/.test(between)) return tokens;
  throw badCode(text, { level: 0, where, fault: "is not a path of code tokens" });
}

function numbersOf(text: string): readonly string[] {
  const separator = SEPARATORS.find((one) => one.test(text));
  return separator === undefined ? [text] : text.split(separator);
}

function withoutSurroundings(parts: readonly unknown[]): readonly unknown[] {
  const isCode = (part: unknown) => typeof part !== "string" || !SURROUNDING.test(part);
  const first = parts.findIndex(isCode);
  return first < 0 ? parts : parts.slice(first, parts.findLastIndex(isCode) + 1);
}

/** The elements of a list in JSON or Python. */
function listParts(list: string, where: string): readonly string[] {
  const text = list.trim().replace(/,$/, "");
  if (text === "") return [];
  // Array dumps of numpy have white space between elements, and no commas.
  const parts = text.split(text.includes(",") ? /\s*,\s*/ : /\s+/);
  return parts.map((part) => {
    const unquoted = /^(["']?)([^"']*)\1$/.exec(part)?.[2];
    if (unquoted !== undefined) return unquoted;
    throw badCode(part, { level: 0, where, fault: "is not an element of a list of codes" });
  });
}

interface Place {
  /** From 0. */
  readonly level: number;
  readonly where: string;
}

function readCode(part: unknown, place: Place): { code: number; levelNumber?: number } {
  if (typeof part === "bigint") return { code: Number(part) };
  if (typeof part === "number") {
    if (Number.isInteger(part)) return { code: part };
    throw badCode(part, { ...place, fault: "is not a whole number" });
  }
  if (typeof part !== "string" || part.trim() === "") {
    throw badCode(part, { ...place, fault: "is missing" });
  }
  const text = part.trim();
  if (NUMBER.test(text)) return { code: Number(text) };
  const bare = text.replace(/^<\|?/, "").replace(/\|?>$/, "");
  const closed = text.startsWith("<") === text.endsWith(">");
  const match = closed ? (SHORT_TOKEN.exec(bare) ?? TOKEN.exec(bare)) : null;
  if (match === null) throw badCode(part, { ...place, fault: "is not a code token" });
  const [, name, digits] = match;
  const code = Number(digits);
  if (name === undefined) return { code };
  if (/\d/.test(name)) {
    const levelNumber = Number(name);
    if (levelNumber - place.level === 0 || levelNumber - place.level === 1)
      return { code, levelNumber };
  } else if (name.toLowerCase() === letterOf(place.level)) return { code };
  throw otherLevel(part, place);
}

function otherLevel(value: unknown, place: Place): CatalogueError {
  const letter = /[a-z](?=[_:-]?\d+\|?>?$)/i.test(String(value));
  return badCode(value, {
    ...place,
    fault: `has the ${letter ? "letter" : "number"} of another level`,
  });
}

function badCode(
  value: unknown,
  { level, where, fault }: Place & { fault: string },
): CatalogueError {
  return new CatalogueError({
    code: "BAD_CODE",
    problem: `${where}: ${shown(value)} at level ${level + 1} ${fault}`,
    remedy: `Write the codes in the order of their levels; this one must look like <${letterOf(level)}_123>, or be a whole number`,
  });
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "a code";
  return excerpt(value);
}

function letterOf(level: number): string {
  return String.fromCharCode("a".charCodeAt(0) + level);
}
