import { thrownBy } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { parseCodePath } from "../src/code-path.js";

describe("a code path", () => {
  it.each([
    [["<a_1>", "<b_2>"]],
    [["<A_1>", "<B_2>"]],
    [["<s_a_1>", "<s_b_2>"]],
    [["<|a_1|>", "<|b_2|>"]],
    [["<|sid_begin|>", "<a_1>", "<b_2>", "<|sid_end|>"]],
    [["a1", "b2"]],
    [["a_1", "b_2"]],
    [["<0_1>", "<1_2>"]],
    [["<sid_1_1>", "<sid_2_2>"]],
    [["<1>", "<2>"]],
    [["1", "2.0"]],
    [[1, 2]],
    ["<a_1><b_2>"],
    [" <a_1>, <b_2> "],
    ["<|sid_begin|><s_a_1><s_b_2><|sid_end|>"],
    ["1-2"],
    ["1_2"],
    ["1, 2"],
    ["1 2"],
    ["[1, 2]"],
    ["[1 2]"],
    ["(1, 2)"],
    ["['<a_1>', '<b_2>']"],
  ])("is read from %j", (value) => {
    expect(parseCodePath(value, "line 1")).toEqual([1, 2]);
  });

  it.each([
    [["<b_1>", "<a_2>"], '"<b_1>" at level 1 has the letter of another level'],
    [["<0_1>", "<2_2>"], '"<2_2>" at level 2 has the number of another level'],
    [["<1_1>", "<1_2>"], '"<1_2>" at level 2 has the number of another level'],
    [["<0_1>", "<b_2>"], '"<b_2>" at level 2 has the letter of another level'],
    [["<a_01>", "<b_2>"], '"<a_01>" at level 1 is not a code token'],
    [["<a_1", "<b_2>"], '"<a_1" at level 1 is not a code token'],
    [["<item_1>", "<item_2>"], '"<item_1>" at level 1 is not a code token'],
    [["many", "2"], '"many" at level 1 is not a code token'],
    [["1.5", "2"], '"1.5" at level 1 is not a code token'],
    [[1, 2.5], "2.5 at level 2 is not a whole number"],
    [[1, null], "a code at level 2 is missing"],
    ["1,,2", '"" at level 2 is missing'],
    ["<a_1>x<b_2>", '"<a_1>x<b_2>" at level 1 is not a path of code tokens'],
    ["<a_1><sep><b_2>", '"<sep>" at level 2 is not a code token'],
  ])("%j is refused with the value and the place", (value, problem) => {
    const error = thrownBy(() => parseCodePath(value, "line 1"));
    expect(error).toMatchObject({ code: "BAD_CODE" });
    expect(error).toHaveProperty("message", expect.stringContaining(`line 1: ${problem}`));
  });

  it("keeps negative numbers apart from dashes", () => {
    expect(parseCodePath("1,-1", "line 1")).toEqual([1, -1]);
    expect(parseCodePath("1--1", "line 1")).toEqual([1, -1]);
  });
});
