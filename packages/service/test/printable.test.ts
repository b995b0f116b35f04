import { describe, expect, it } from "vitest";
import { openLog } from "../src/log/open-log.js";
import { printable, printableLines } from "../src/terminal/printable.js";
import { listing, table } from "../src/terminal/table.js";

const EVIL = [
  ["\x1b[31mred", "\\u001b[31mred"],
  ["\x1b]0;title\x07", "\\u001b]0;title\\u0007"],
  ["\u009b2J", "\\u009b2J"],
  ["a\rb\bc\x7f", "a\\u000db\\u0008c\\u007f"],
  ["\u202efdp.exe", "\\u202efdp.exe"],
  ["\u2066x\u2069\u200f", "\\u2066x\\u2069\\u200f"],
  ["line\u2028separator", "line\\u2028separator"],
  ["ünï 日本 👍", "ünï 日本 👍"],
] as const;

describe("what a terminal shows", () => {
  it.each(EVIL)("%j is printed as %s", (text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(printableLines(text)).toBe(shown);
    expect(listing([[text, "b"]])).toBe(`${shown}  b`);
    expect(table([["a", text]])).toBe(`a  ${shown}`);
    for (const format of ["json", "pretty"] as const) {
      let written = "";
      const sink = { write: (line: string) => (written += line) };
      openLog({ service: "test", level: "info", format, sink, color: false }).warn(
        { reason: text, error: new Error(text) },
        text,
      );
      expect(written).not.toMatch(/(?!\n)[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
    }
  });

  it("has line breaks only where they are meant", () => {
    expect(printable("a\nb")).toBe("a\\u000ab");
    expect(printableLines("a\n\tb")).toBe("a\n\tb");
    expect(listing([["a\nb"]])).toBe("a\\u000ab");
    const json = JSON.stringify({ text: "\u009b\u202e\n" }, null, 2);
    expect(JSON.parse(printableLines(json))).toEqual({ text: "\u009b\u202e\n" });
  });
});
