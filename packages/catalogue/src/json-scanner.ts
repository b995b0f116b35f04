import { CatalogueError } from "./errors.js";
import { excerpt } from "./excerpt.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Characters of a line that can matter in a message. */
const MAX_LINE = 100;

/** A place in a text: line and column, from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Reads JSON punctuation, strings and numbers from left to right, keeping nothing. */
export class JsonScanner {
  readonly #text: string;
  readonly #origin: TextPlace;
  #at = 0;
  /** Whether a string did not end within the text. */
  #ranOut = false;

  /** `origin` is where the text begins, if it is a piece of another. */
  constructor(text: string, origin: TextPlace) {
    this.#text = text;
    this.#origin = origin;
  }

  /** Characters that have been passed. */
  get position(): number {
    return this.#at;
  }

  /** The place of a position. */
  placeOf(position: number): TextPlace {
    const { line, column } = this.#origin;
    const before = this.#text.slice(0, position);
    const breaks = before.split("\n").length - 1;
    return {
      line: line + breaks,
      column: breaks === 0 ? column + position : position - before.lastIndexOf("\n"),
    };
  }

  /** Whether more text could have kept the last call from throwing, or changed its message. */
  isShort(): boolean {
    return this.#ranOut || this.#text.length - this.#at < MAX_LINE;
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
    this.#ranOut = true;
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

  /** Passes over white space; throws BAD_JSON if something else follows. */
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
    const { line, column } = this.placeOf(this.#at);
    const [rest = ""] = this.#text.slice(this.#at, this.#at + MAX_LINE).split("\n", 1);
    const found = this.#at >= this.#text.length ? "the end of the text" : excerpt(rest);
    return new CatalogueError({
      code: "BAD_JSON",
      problem: `line ${line}, column ${column}: expected ${expected}, found ${found}`,
      remedy: 'The file must be JSON of the form {"item": ["<a_1>", "<b_2>"]}; write it again',
    });
  }
}
