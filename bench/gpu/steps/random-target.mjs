// Writes a LLaMA checkpoint of random 16-bit weights, for timing: quickly, from blocks that repeat.
//
//   node bench/gpu/steps/random-target.mjs DIR --size 0.1b|1b|7b|tiny
import { closeSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { printRow } from "../lib/rows.mjs";

/** Layers, width, feed-forward width, attention heads. */
const SIZES = {
  tiny: [2, 64, 192, 2],
  "0.1b": [12, 768, 2048, 12],
  "1b": [22, 2048, 5632, 16],
  "7b": [32, 4096, 11008, 32],
};
const CODES = { levels: 4, codesPerLevel: 256 };
const OFFSETS = [4, 260, 516, 772];
const VOCABULARY = 1028;
/** A prime number of weights, so that what repeats is never a whole row. */
const BLOCK = 4_000_037;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { size: { type: "string", default: "0.1b" } },
});
const [directory] = positionals;
const size = SIZES[values.size];
if (directory === undefined || size === undefined) {
  throw new Error(`usage: random-target.mjs DIR --size ${Object.keys(SIZES).join("|")}`);
}
const [layers, width, inner, heads] = size;
mkdirSync(directory, { recursive: true });
const started = performance.now();
const weights = writeWeights(join(directory, "model.safetensors"));
writeJson("config.json", {
  ...{ architectures: ["LlamaForCausalLM"], model_type: "llama", torch_dtype: "float16" },
  ...{ hidden_size: width, intermediate_size: inner, num_hidden_layers: layers },
  ...{ num_attention_heads: heads, num_key_value_heads: heads, head_dim: width / heads },
  ...{ hidden_act: "silu", rms_norm_eps: 1e-6, rope_theta: 10_000, max_position_embeddings: 2048 },
  ...{ vocab_size: VOCABULARY, tie_word_embeddings: false, attention_bias: false, mlp_bias: false },
  ...{ bos_token_id: 1, eos_token_id: 2, pad_token_id: 0 },
});
writeJson("nightbeam.json", {
  ...{ ...CODES, codeTokenOffsets: OFFSETS, prompt: { kind: "items", bos: 1, maxItems: 125 } },
});
printRow({ size: values.size, weights, seconds: (performance.now() - started) / 1000 });

function tensorShapes() {
  const shapes = [["model.embed_tokens.weight", [VOCABULARY, width]]];
  for (let layer = 0; layer < layers; layer++) {
    const add = (name, shape) => shapes.push([`model.layers.${layer}.${name}.weight`, shape]);
    add("input_layernorm", [width]);
    for (const name of ["q", "k", "v", "o"]) add(`self_attn.${name}_proj`, [width, width]);
    add("post_attention_layernorm", [width]);
    for (const name of ["gate", "up"]) add(`mlp.${name}_proj`, [inner, width]);
    add("mlp.down_proj", [width, inner]);
  }
  shapes.push(["model.norm.weight", [width]], ["lm_head.weight", [VOCABULARY, width]]);
  return shapes;
}

/** @returns the number of weights */
function writeWeights(path) {
  const header = {};
  let end = 0;
  const shapes = tensorShapes();
  for (const [name, shape] of shapes) {
    const begin = end;
    end += 2 * shape.reduce((product, length) => product * length, 1);
    header[name] = { dtype: "F16", shape, data_offsets: [begin, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc(-text.length & 7, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const file = openSync(`${path}.part`, "w");
  writeSync(file, length);
  writeSync(file, padded);
  const blocks = new Map([width, inner].map((inputs) => [inputs, randomBlock(inputs)]));
  const ones = Buffer.from(new Uint16Array(width).fill(0x3c00).buffer);
  for (const [, [rows, inputs]] of shapes) {
    if (inputs === undefined) writeSync(file, ones);
    else writeRepeated(file, blocks.get(inputs), 2 * rows * inputs);
  }
  closeSync(file);
  renameSync(`${path}.part`, path);
  return end / 2;
}

function writeRepeated(file, block, bytes) {
  for (let left = bytes; left > 0; )
    left -= writeSync(file, block, 0, Math.min(left, block.length));
}

/** Random weights of both signs, so small that a row's products sum up to about 1. float16. */
function randomBlock(inputs) {
  const block = new Uint16Array(BLOCK);
  // Powers of two below 1 / sqrt(inputs), with random fractions.
  const exponent = 15 - Math.ceil(Math.log2(Math.sqrt(inputs)));
  let state = 0x9e3779b9 ^ inputs;
  for (let at = 0; at < BLOCK; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    block[at] = (state & 0x8000) | (exponent << 10) | ((state >>> 16) & 0x3ff);
  }
  return Buffer.from(block.buffer);
}

function writeJson(name, value) {
  writeFileSync(join(directory, name), `${JSON.stringify(value, null, 2)}\n`);
}
