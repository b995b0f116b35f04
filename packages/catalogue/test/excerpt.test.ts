import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { excerpt, excerpts, jsonProblem, schemaProblem } from "../src/excerpt.js";

describe("excerpt", () => {
  it.each([
    ["plain", '"plain"'],
    ["a\x1b[31mb\n", '"a\\u001b[31mb\\n"'],
    ["\u202eabc\u009b", '"\\u202eabc\\u009b"'],
    ['say "x"', '"say \\"x\\""'],
    ["x".repeat(40), `"${"x".repeat(40)}"`],
    ["x".repeat(41), `"${"x".repeat(39)}…"`],
    [["a", 1], '["a",1]'],
    [undefined, "undefined"],
  ])("shows %j as %s", (content, shown) => {
    expect(excerpt(content)).toBe(shown);
  });

  it("never shows more than 40 characters, or any that a terminal obeys", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
        const shown = excerpt(text).slice(1, -1);
        expect(shown.length).toBeLessThanOrEqual(40);
        expect(shown).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  it("shows several texts in about the same room", () => {
    expect(excerpts(["a", "b", "c", "d"])).toBe('"a", "b", "c" and 1 more');
    expect(excerpts(["x".repeat(40), "b"])).toBe(`"${"x".repeat(40)}" and 1 more`);
  });
});

describe("jsonProblem", () => {
  it("shows no more of a secret than an excerpt", () => {
    const secret = "root:\x1b$6$0123456789abcdefghijklmnopqrstuvwxyz0123456789:0";
    for (const text of [secret, `{"a": ${secret}`, `[1, "${secret}`]) {
      let problem = "";
      try {
        JSON.parse(text);
      } catch (error) {
        problem = jsonProblem(error);
      }
      expect(problem).not.toBe("");
      expect(problem).not.toContain("\x1b");
      expect(problem).not.toContain("qrstuvwxyz0123456789");
    }
  });

  it("cuts the keys of a schema's issues", () => {
    const keys = ["k".repeat(100)];
    const issues = [{ path: ["a", 0], message: "", keys }];
    expect(schemaProblem({ issues })).toBe(`a.0: it has the unknown key "${"k".repeat(39)}…"`);
  });
});
