import { describe, expect, it } from "vitest";
import { inverseFrequencies, ropeTables } from "../../src/architectures/llama/rope.js";
import { readRope } from "../../src/architectures/llama/rope-fields.js";
import reference from "../reference-rope.json" with { type: "json" };

const read = (fields: object) =>
  readRope({ max_position_embeddings: 2048, ...fields }, "config.json");

describe("rotary positions", () => {
  it.each(reference.kinds)(
    "have the bits of torch: $name",
    ({ rope_parameters, headSize, bits }) => {
      const frequencies = inverseFrequencies(read({ rope_parameters }), headSize);
      const found = Array.from(new Uint32Array(frequencies.buffer), (word) =>
        word.toString(16).padStart(8, "0"),
      );
      expect(found).toEqual(bits);
    },
  );

  it("turn by float32 angles, and are stretched after the rounding of cosines and sines", () => {
    const yarn = read({ rope_parameters: { rope_type: "yarn", factor: 4 } });
    const frequencies = inverseFrequencies(yarn, 8);
    const { cosines, sines } = ropeTables(yarn, { headSize: 8, positions: 1001 });
    const angle = Math.fround(1000 * (frequencies[1] ?? 0));
    const amplitude = Math.fround(0.1 * Math.log(4) + 1);
    expect(cosines[4001]).toBe(Math.fround(Math.fround(Math.cos(angle)) * amplitude));
    expect(sines[4001]).toBe(Math.fround(Math.fround(Math.sin(angle)) * amplitude));
  });

  // Which of two spellings wins is what transformers 5.20.2 does with the same fields.
  const LINEAR = { rope_type: "linear", factor: 2 };
  const YARN = { rope_type: "yarn", factor: 4, original_max_position_embeddings: 512 };
  it.each([
    [
      "rope_theta inside before beside",
      { rope_theta: 5, rope_parameters: { rope_theta: 7 } },
      { theta: 7 },
    ],
    [
      "rope_theta beside, if there is none inside",
      { rope_theta: 5, rope_parameters: {} },
      { theta: 5 },
    ],
    ["neither", {}, { theta: 10_000, scaling: { type: "default" } }],
    [
      "rope_scaling before rope_parameters",
      { rope_scaling: LINEAR, rope_parameters: { rope_type: "default" } },
      { scaling: { type: "linear", factor: 2 } },
    ],
    [
      "rope_scaling as a whole: not the rope_theta of the other",
      { rope_scaling: LINEAR, rope_parameters: { rope_theta: 7 } },
      { theta: 10_000 },
    ],
    [
      "rope_parameters, if rope_scaling is empty",
      { rope_scaling: {}, rope_parameters: LINEAR },
      { scaling: { type: "linear", factor: 2 } },
    ],
    [
      "rope_parameters, if rope_scaling is null",
      { rope_scaling: null, rope_parameters: { rope_theta: 7 } },
      { theta: 7 },
    ],
    [
      "rope_type before type",
      { rope_parameters: { type: "default", ...LINEAR } },
      { scaling: { type: "linear" } },
    ],
    ["type alone", { rope_scaling: { type: "linear", factor: 3 } }, { scaling: { factor: 3 } }],
    [
      "the original positions beside before inside",
      { original_max_position_embeddings: 64, rope_parameters: YARN },
      { scaling: { originalPositions: 64 } },
    ],
    [
      "the original positions inside",
      { rope_parameters: YARN },
      { scaling: { originalPositions: 512 } },
    ],
    [
      "all positions as the original ones",
      { rope_parameters: { rope_type: "yarn", factor: 4 } },
      { scaling: { originalPositions: 2048 } },
    ],
    [
      "a factor that is null: the ratio of positions",
      { rope_parameters: { ...YARN, factor: null } },
      { scaling: { factor: 4 } },
    ],
    [
      "zero and null in yarn, as Python takes them",
      { rope_parameters: { ...YARN, beta_fast: 0, beta_slow: 0, truncate: null } },
      { scaling: { betaFast: 32, betaSlow: 1, truncate: false } },
    ],
  ])("are read from %s", (_, fields, expected) => {
    expect(read(fields)).toMatchObject(expected);
  });

  it.each([
    [
      "rope_parameters.full_attention",
      { rope_parameters: { full_attention: { rope_type: "default" }, rope_theta: 7 } },
    ],
    ["rope_parameters.partial_rotary_factor", { rope_parameters: { partial_rotary_factor: 0.5 } }],
    ["partial_rotary_factor", { partial_rotary_factor: 0.5 }],
    [
      "original_max_position_embeddings",
      { original_max_position_embeddings: null, rope_parameters: YARN },
    ],
  ])("are refused for %s", (field, fields) => {
    expect(() => read(fields)).toThrow(`config.json: ${field} `);
  });
});
