import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseExactJson } from "../src/files/exact-json.js";
import { parsePythonLiteral } from "../src/files/python-literal.js";

describe("Python literals", () => {
  it("reads dicts, lists, tuples, numbers and names", () => {
    const text =
      "{u'categories': [[u'Beauty', 'Hair'], ()], 'a': None, 'b': True, 'c': -1e3, 'd': {1: .5},}";
    expect(parsePythonLiteral(text)).toEqual({
      categories: [["Beauty", "Hair"], []],
      a: null,
      b: true,
      c: -1000,
      d: { 1: 0.5 },
    });
  });

  it("reads quotes and escapes", () => {
    expect(
      parsePythonLiteral(String.raw`["Burt's", 'say \'hi\' \\', 'a\nb\x41\u00e9\U0001f600\q']`),
    ) //
      .toEqual(["Burt's", "say 'hi' \\", "a\nbAé😀\\q"]);
  });

  it.each([
    "{'a': 1",
    "{'a' 1}",
    "['a' 'b']",
    "'a",
    "'\\x4'",
    "'\\U00110000'",
    "exit()",
    "1 + 1",
    "nan",
    "",
    "[".repeat(100_000),
  ])("refuses %.20s", (text) => {
    expect(parsePythonLiteral(text)).toBeUndefined();
  });

  it("keeps a member called __proto__ to itself", () => {
    const value = parsePythonLiteral("{'__proto__': {'asin': 'B1'}}");
    expect(Reflect.get(Object(value), "asin")).toBeUndefined();
  });

  it("reads all JSON without true, false and null", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.stringify(value);
        fc.pre(!/true|false|null|\\\/|\\u/.test(json));
        expect(parsePythonLiteral(json)).toEqual(parseExactJson(json));
      }),
    );
  });
});
