import { parseExactJson } from "./exact-json.js";
import { parsePythonLiteral } from "./python-literal.js";

/** The items of a text as they were written, or why it is not a list. */
export type ItemTexts =
  | { readonly ok: true; readonly items: readonly unknown[] }
  | { readonly ok: false; readonly detail: string };

const BRACKETED = /^(?:array\()?([[({])(.*)([\])}])(?:,\s*dtype=.*)?\)?$/s;
const CLOSING: Readonly<Record<string, string>> = { "[": "]", "(": ")", "{": "}" };
const NUMBERS = /^[\d\s,]*$/;
/** An item of numpy or PostgreSQL, with or without quotes. */
const TOKEN = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,]+/gs;
const MISSING = new Set(["nan", "none", "null", "<na>", "nat"]);

/** Whether a text is written as a list: `[…]`, `(…)` or `{…}`. */
export function isListText(text: string): boolean {
  return BRACKETED.test(text.trim());
}

/**
 * Parses a list in a field: JSON (`["a", "b"]`), Python (`['a', 'b']`, tuples and sets), numpy (`[1 2 3]`)
 * and PostgreSQL (`{a,b}`). Nothing is evaluated.
 */
export function parseListText(text: string): ItemTexts {
  const [, open = "", inside = "", close] = BRACKETED.exec(text.trim()) ?? [];
  if (CLOSING[open] !== close) return { ok: false, detail: "is not a list" };
  // The fast way, which also keeps all digits of long numbers.
  if (NUMBERS.test(inside)) return { ok: true, items: words(inside) };
  const list = `[${inside}]`;
  const literal = parseJson(list) ?? parsePythonLiteral(list);
  if (Array.isArray(literal)) return { ok: true, items: literal };
  if (/(^|[\s,])\.\.\.([\s,]|$)/.test(inside)) {
    return {
      ok: false,
      detail: "was shortened by numpy (…): write the list with tolist()",
    };
  }
  return { ok: true, items: (inside.match(TOKEN) ?? []).map(bareItem) };
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

function bareItem(word: string): string | null {
  if (MISSING.has(word.toLowerCase())) return null;
  const quoted = /^(["'])(.*)\1$/s.exec(word)?.[2];
  // numpy writes whole floats as `1.`.
  return quoted ?? word.replace(/^(-?\d+)\.0*$/, "$1");
}

function parseJson(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}

const SEPARATORS = [",", "|", ";"] as const;
const PLAIN_ID = /^[\w.:-]+$/;

/**
 * What separates items, by some texts of a column: a comma, a bar or a semicolon if it occurs and all
 * that it separates are plain words; else white space.
 */
export function separatorIn(texts: readonly string[]): string {
  const found = SEPARATORS.find((sign) => texts.some((text) => text.includes(sign)));
  if (found === undefined) return " ";
  const isPlain = texts.every((text) => splitItems(text, found).every((id) => PLAIN_ID.test(id)));
  return isPlain ? found : " ";
}

/** The items of a text. Leading, trailing and repeated separators are ignored. */
export function splitItems(text: string, separator: string): string[] {
  const pieces = separator === " " ? text.split(/[ \t]+/) : text.split(separator);
  return pieces.map((item) => item.trim()).filter((item) => item !== "");
}
