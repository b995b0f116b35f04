/** How a vocabulary spells codes, and which of them it has. */
export interface Spelling {
  /** As `codeTokenPattern` in `nightbeam.json`. */
  readonly pattern: string;
  /** Codes of each level, ascending. Shape [levels][codes of the level]. */
  readonly codes: readonly (readonly number[])[];
}

/** A token such as <a_47>, <s_a_47>, <|A_047|> or <item_0_47>: text, level, text, number, text. */
const TOKEN = /^(\D*?)([a-hA-H]|\d)([_\-:.| ]*)(\d+)(\D*)$/;
const MAX_CODE = 65_535;
const MAX_LEVELS = 8;
/** The ways to name levels: their field in a pattern, and the character of the first level. */
const LEVEL_NAMES = [
  { field: "{level}", first: "a" },
  { field: "{LEVEL}", first: "A" },
  { field: "{level0}", first: "0" },
  { field: "{level1}", first: "1" },
] as const;

/** Tokens that differ in level and number alone. */
interface Family {
  readonly parts: readonly [before: string, between: string, after: string];
  /** Digits of codes by level and character. */
  readonly levels: Map<string, string[]>;
}

/**
 * The spelling of the most tokens that look like codes of at least two levels, the first of them named a, A, 0 or
 * 1; undefined if there is none. A spelling without punctuation is not trusted, as words look alike.
 */
export function findSpelling(tokens: Iterable<string>): Spelling | undefined {
  const families = new Map<string, Family>();
  for (const token of tokens) {
    const [, before = "", level = "", between = "", digits = "", after = ""] =
      TOKEN.exec(token) ?? [];
    if (level === "" || Number(digits) > MAX_CODE) continue;
    // A digit and a number need something between them.
    if (between === "" && /\d/.test(level)) continue;
    if (!/[<[|]/.test(before) && between === "") continue;
    const kind = /\d/.test(level) ? "digit" : level === level.toLowerCase() ? "lower" : "upper";
    const key = JSON.stringify([before, kind, between, after]);
    const family = families.get(key) ?? { parts: [before, between, after], levels: new Map() };
    families.set(key, family);
    family.levels.set(level, [...(family.levels.get(level) ?? []), digits]);
  }
  const spellings = [...families.values()].flatMap((family) => spellingOf(family) ?? []);
  return spellings.sort((a, b) => tokenCount(b) - tokenCount(a))[0];
}

function spellingOf({ parts: [before, between, after], levels }: Family): Spelling | undefined {
  const named = LEVEL_NAMES.find(({ first }) => levels.has(first));
  if (named === undefined) return undefined;
  const texts: string[][] = [];
  for (let level = 0; level < MAX_LEVELS; level++) {
    const found = levels.get(String.fromCharCode(named.first.charCodeAt(0) + level));
    if (found === undefined) break;
    texts.push(found);
  }
  if (texts.length < 2) return undefined;
  return {
    pattern: `${before}${named.field}${between}${codeField(texts.flat())}${after}`,
    codes: texts.map((digits) => digits.map(Number).sort((a, b) => a - b)),
  };
}

/** Numbers of one width with a zero in front are padded. */
function codeField(digits: readonly string[]): string {
  const width = Math.min(...digits.map(({ length }) => length));
  const isPadded = digits.some((text) => text.length > 1 && text.startsWith("0"));
  return isPadded ? `{code:0${width}}` : "{code}";
}

function tokenCount({ codes }: Spelling): number {
  return codes.reduce((sum, { length }) => sum + length, 0);
}
