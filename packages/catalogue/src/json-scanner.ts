import { CatalogueError } from "./errors.js";
import { excerpt } from "./excerpt.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Characters of a line that can matter in a message. */
const MAX_LINE = 100;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Reads JSON punctuation, strings and numbers from left to right, keeping nothing. */
export class JsonScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    // A byte-order mark is not valid JSON, but some editors write it.
    if (text.charCodeAt(0) === 0xfeff) this.#at = 1;
  }

  /** Skips `mark` if it comes next; returns whether it did. */
  accept(mark: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  /** Passes over `mark`, or throws BAD_JSON; `context` follows the mark in the message. */
  expect(mark: string, context: string): void {
    if (!this.accept(mark)) throw this.#unexpected(`"${mark}" ${context}`);
  }

  /** The string that comes next, or throws BAD_JSON; `what` names it in the message. */
  string(what: string): string {
    this.#skipSpace();
    const begin = this.#at;
    if (this.#text.charCodeAt(begin) !== QUOTE) throw this.#unexpected(what);
    let plain = true;
    for (let at = begin + 1; at < this.#text.length; at++) {
      const unit = this.#text.charCodeAt(at);
      if (unit === QUOTE) {
        this.#at = at + 1;
        return plain ? this.#text.slice(begin + 1, at) : this.#unescape(begin, what);
      }
      if (unit === BACKSLASH) at++;
      if (unit === BACKSLASH || unit < 0x20) plain = false;
    }
    throw this.#unexpected(`${what} with its closing quote`);
  }

  /** Whether this character comes next. */
  isAt(mark: string): boolean {
    this.#skipSpace();
    return this.#text[this.#at] === mark;
  }

  /** The number that comes next, or throws BAD_JSON; `what` names it in the message. */
  number(what: string): number {
    this.#skipSpace();
    NUMBER.lastIndex = this.#at;
    const digits = NUMBER.exec(this.#text)?.[0];
    if (digits === undefined) throw this.#unexpected(what);
    this.#at += digits.length;
    return Number(digits);
  }

  /** Throws BAD_JSON if more than white space follows. */
  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected("the end of the text");
  }

  #unescape(begin: number, what: string): string {
    try {
      return String(JSON.parse(this.#text.slice(begin, this.#at)));
    } catch {
      this.#at = begin;
      throw this.#unexpected(`${what} without control characters and unknown escapes`);
    }
  }

  #skipSpace(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at++;
    }
  }

  #unexpected(expected: string): CatalogueError {
    const before = this.#text.slice(0, this.#at);
    const line = before.split("\n").length;
    const column = this.#at - before.lastIndexOf("\n");
    const [rest = ""] = this.#text.slice(this.#at, this.#at + MAX_LINE).split("\n", 1);
    const found = this.#at >= this.#text.length ? "the end of the text" : excerpt(rest);
    return new CatalogueError({
      code: "BAD_JSON",
      problem: `line ${line}, column ${column}: expected ${expected}, found ${found}`,
      remedy: 'The file must be JSON of the form {"item": ["<a_1>", "<b_2>"]}; write it again',
    });
  }
}
