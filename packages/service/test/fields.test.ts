import { describe, expect, it } from "vitest";
import { z } from "zod";
import { UsageError } from "../src/errors.js";
import { gibibytes, listOf, oneOf, wholeNumber, words } from "../src/options/fields.js";
import { formatHostPort, hostPort } from "../src/options/host-port.js";
import { parseOptions, withoutBlanks } from "../src/options/parse-options.js";

const schema = z.object({
  shardsAtOnce: wholeNumber(1),
  waitMs: wholeNumber(50, "a whole number of milliseconds").default(100),
  promptCache: gibibytes.optional(),
  kind: oneOf(["json", "pretty", "none"]).optional(),
  widths: listOf(wholeNumber(1)).optional(),
  draft: words.optional(),
});

function refusal(given: Record<string, unknown>): unknown {
  try {
    parseOptions(schema, { shardsAtOnce: 1, ...given });
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("options", () => {
  it("are read as typed, and as numbers of a config file", () => {
    const given = { shardsAtOnce: " 3", promptCache: "0.5", widths: "5,10", draft: "d" };
    expect(parseOptions(schema, given)).toEqual({
      shardsAtOnce: 3,
      waitMs: 100,
      promptCache: 0.5,
      widths: [5, 10],
      draft: ["d"],
    });
  });

  it.each([
    [{ shardsAtOnce: undefined }, "--shards-at-once is required"],
    [{ shardsAtOnce: "" }, "--shards-at-once : give a whole number of at least 1"],
    [{ shardsAtOnce: "1.5" }, "--shards-at-once 1.5: give a whole number of at least 1"],
    [{ shardsAtOnce: [3] }, "--shards-at-once [3]: give a whole number of at least 1"],
    [{ waitMs: "9" }, "--wait-ms 9: give a whole number of milliseconds of at least 50"],
    [{ promptCache: "-1" }, "--prompt-cache -1: give a number of GiB, or 0 for none"],
    [{ promptCache: "Infinity" }, "--prompt-cache Infinity: give a number of GiB, or 0 for none"],
    [{ kind: "xml" }, "--kind xml: give json, pretty or none"],
    [{ draft: 3 }, "--draft 3: give one name or several"],
  ])("are refused with name, value and remedy: %j", (given, message) => {
    const error = refusal(given);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "BAD_OPTION", message });
  });

  it("have the names that the caller gives", () => {
    const nameOf = (key: string) => `NAME_OF_${key}`;
    expect(() => parseOptions(schema, {}, { nameOf })).toThrow("NAME_OF_shardsAtOnce is required");
  });

  it("count as not given if they are blank and that is asked for", () => {
    expect(withoutBlanks({ a: "", b: "0", c: 0, d: false })).toEqual({ b: "0", c: 0, d: false });
  });
});

describe("host and port", () => {
  const field = hostPort({ min: 0, example: 7070 });

  it.each([
    ["127.0.0.1:7070", { host: "127.0.0.1", port: 7070 }],
    ["[::1]:0", { host: "::1", port: 0 }],
    ["gpu-3:65535", { host: "gpu-3", port: 65_535 }],
  ])("are read from %s and written alike", (text, read) => {
    expect(field.parse(text)).toEqual(read);
    expect(formatHostPort(read)).toBe(text);
  });

  it.each(["7070", "localhost", "host:65536", "::1:7070", "[::1]", "a b:1", ":1", "a,b:1", 7070])(
    "are not in %s",
    (text) => {
      expect(field.safeParse(text).error?.issues[0]?.message).toBe(
        "give host:port with a port of 0 (any free one) to 65535, such as 127.0.0.1:7070 or [::1]:7070",
      );
    },
  );

  it("have a port that can be dialled", () => {
    const dialled = hostPort({ min: 1, example: 7070 });
    expect(dialled.safeParse("host:0").error?.issues[0]?.message).toContain("1 to 65535");
  });
});
