/** Plain data that Python's `repr` writes. */
type Literal = string | number | boolean | null | Literal[] | { [key: string]: Literal };

/** Deeper nesting does not occur in the data sets and could exhaust the stack. */
const MAX_DEPTH = 64;
const SPACE = /\s*/y;
const NUMBER = /[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?/y;
const WORD = /[A-Za-z]+/y;
const STRING_START = /[uU]?(['"])/y;
const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};
/** Also those of JSON, and the one that Python's `json` writes for a missing number. */
const WORDS: ReadonlyMap<string, Literal> = new Map<string, Literal>([
  ["None", null],
  ["True", true],
  ["False", false],
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", Number.NaN],
]);
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * Parses a dict, list, tuple, text, number, True, False or None as Python's `repr` writes it. Nothing
 * is evaluated: calls, names and operators are not literals.
 *
 * @returns undefined if the text is not a literal
 */
export function parsePythonLiteral(text: string): unknown {
  try {
    return new LiteralReader(text).whole();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A number; digits beyond 2^53 stay a text, because a number would round them. */
function numberOf(text: string): number | string {
  const number = Number(text);
  return /^[+-]?\d+$/.test(text) && !Number.isSafeInteger(number) ? text : number;
}

class LiteralReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Literal {
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw new SyntaxError("text follows the value");
    return value;
  }

  #value(depth: number): Literal {
    if (depth > MAX_DEPTH) throw new SyntaxError("nested too deeply");
    this.#skipSpace();
    const sign = this.#text[this.#at];
    if (sign === "{") return this.#dict(depth);
    if (sign === "[") return this.#list("]", depth);
    if (sign === "(") return this.#list(")", depth);
    const quote = this.#match(STRING_START)?.[1];
    if (quote !== undefined) return this.#string(quote);
    const number = this.#match(NUMBER)?.[0];
    if (number !== undefined) return numberOf(number);
    const word = this.#match(WORD)?.[0];
    const value = WORDS.get(word ?? "");
    if (value !== undefined) return value;
    throw new SyntaxError("no literal");
  }

  #dict(depth: number): Literal {
    const entries: [string, Literal][] = [];
    this.#at++;
    while (!this.#take("}")) {
      const key = this.#value(depth + 1);
      if (!this.#take(":")) throw new SyntaxError("no colon");
      entries.push([String(key), this.#value(depth + 1)]);
      if (this.#take(",")) continue;
      if (this.#take("}")) break;
      throw new SyntaxError("no end of the dict");
    }
    return Object.fromEntries(entries);
  }

  #list(end: string, depth: number): Literal[] {
    const values: Literal[] = [];
    this.#at++;
    while (!this.#take(end)) {
      values.push(this.#value(depth + 1));
      if (this.#take(",")) continue;
      if (this.#take(end)) break;
      throw new SyntaxError("no end of the list");
    }
    return values;
  }

  #string(quote: string): string {
    const pieces: string[] = [];
    let from = this.#at;
    for (;;) {
      const sign = this.#text[this.#at];
      if (sign === undefined) throw new SyntaxError("no end of the text");
      if (sign !== quote && sign !== "\\") {
        this.#at++;
        continue;
      }
      pieces.push(this.#text.slice(from, this.#at));
      this.#at++;
      if (sign === quote) return pieces.join("");
      pieces.push(this.#escape());
      from = this.#at;
    }
  }

  /** Reads the rest of an escape after its backslash. Unknown escapes stay as they are, as in Python. */
  #escape(): string {
    const sign = this.#text[this.#at] ?? "";
    this.#at++;
    const digits = HEX_DIGITS[sign];
    if (digits === undefined) return ESCAPES[sign] ?? `\\${sign}`;
    const hex = this.#text.slice(this.#at, this.#at + digits);
    const code = Number.parseInt(hex, 16);
    if (hex.length < digits || !/^[0-9a-f]+$/i.test(hex) || code > 0x10ffff) {
      throw new SyntaxError("a broken escape");
    }
    this.#at += digits;
    return String.fromCodePoint(code);
  }

  #take(sign: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }
}
