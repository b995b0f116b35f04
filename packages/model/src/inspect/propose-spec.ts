import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Catalogue } from "@nightbeam/catalogue";
import { z } from "zod";
import { readJson } from "../checkpoint/read-json.js";
import { ModelError } from "../errors.js";
import { codesOfLevel } from "../prompt/code-tokens.js";
import type { PromptSpecInput } from "../prompt/prompt-spec.js";
import { openTokenizer } from "../prompt/tokenizer.js";
import { EOS, PROJECT_PROMPTS, type Project, type ProjectPrompt } from "./projects.js";
import { findSpelling, type Spelling } from "./spelling.js";

/** A `nightbeam.json` for a checkpoint that has none. */
export interface Proposal {
  readonly project: Project;
  readonly spec: PromptSpecInput;
  /** Why this project, and what was assumed: for people. */
  readonly reasons: readonly string[];
}

interface ProposeOptions {
  /** Of the tokenizer. */
  readonly directory: string;
  /** Of config.json: the same, unless there is an adapter. */
  readonly base: string;
  /** Its number of levels counts, and for a vocabulary without texts its codes. */
  readonly catalogue: Catalogue | undefined;
  /** Default: the project that the checkpoint looks like. */
  readonly like: Project | undefined;
}

const config = z.looseObject({
  model_type: z.string().optional(),
  vocab_size: z.int().positive(),
  bos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
});
const eosToken = z.object({
  eos_token: z.union([z.string(), z.object({ content: z.string() })]).nullish(),
});

/** @throws ModelError BAD_PROMPT_SPEC if nothing is recognised, with what is missing */
export async function proposeSpec(options: ProposeOptions): Promise<Proposal> {
  const { directory, base, catalogue } = options;
  const model = await readJson(join(base, "config.json"), {
    schema: config,
    code: "BAD_CHECKPOINT",
    remedy: "a checkpoint is a directory as `save_pretrained` of Hugging Face writes it",
  });
  if (!existsSync(join(directory, "tokenizer.json"))) return proposeOffsets(options, model);
  const tokenizer = await openTokenizer(directory);
  const vocabulary = tokenizer.vocabulary();
  const spelling = findSpelling(vocabulary.keys()) ?? plainNumbers(catalogue, vocabulary);
  if (spelling === undefined) {
    throw unknown(
      `tokenizer.json of ${directory} has no tokens that look like codes, such as <a_47>` +
        (catalogue === undefined ? ": give --catalogue, in case they are plain numbers" : ""),
    );
  }
  const { project, reasons } = recognise({ ...options, spelling, vocabulary, model });
  const { prompt, end } = PROJECT_PROMPTS[project];
  const levels = catalogue?.trie.levels ?? spelling.codes.length;
  const closing = await Promise.all(
    end.map(async (text) => (text === EOS ? await eosOf(directory, model) : text)),
  );
  return {
    project,
    spec: {
      levels,
      codeTokenPattern: spelling.pattern,
      // Numbers without anything between them would be read as one.
      prompt: spelling.pattern === PLAIN ? spaced(prompt) : prompt,
      ...(closing.length === 0 ? {} : { end: closing.length === 1 ? closing[0] : closing }),
    },
    reasons,
  };
}

/** The project that a checkpoint looks like. */
function recognise(
  options: ProposeOptions & {
    readonly spelling: Spelling;
    readonly vocabulary: ReadonlyMap<string, number>;
    readonly model: z.output<typeof config>;
  },
): Pick<Proposal, "project" | "reasons"> {
  const { directory, like, spelling, vocabulary, model } = options;
  const { pattern, codes } = spelling;
  const spelled = `codes are spelled ${pattern}`;
  if (like !== undefined) return { project: like, reasons: [spelled, "the project was given"] };
  if (vocabulary.has("<|sid_begin|>")) {
    return { project: "openonerec", reasons: [spelled, "items are marked by <|sid_begin|>"] };
  }
  const others = vocabulary.size - codes.reduce((sum, { length }) => sum + length, 0);
  if (others < FEW_TOKENS) {
    const reason = `only ${others} tokens are not codes, too few for instructions`;
    return { project: "items", reasons: [spelled, reason] };
  }
  if (model.model_type === "llama")
    return { project: "lc-rec", reasons: [spelled, "model_type llama"] };
  const family = `model_type ${model.model_type}`;
  // LLaMA-Factory, which trains MIMIGenRec, leaves these beside the weights.
  if (
    ["trainer_log.jsonl", "train_results.json"].some((file) => existsSync(join(directory, file)))
  ) {
    return { project: "mimigenrec", reasons: [spelled, family, "trained by LLaMA-Factory"] };
  }
  const doubt =
    "MIMIGenRec adds the same tokens, and has prompts of chats: `--like mimigenrec` proposes these";
  return { project: "minionerec", reasons: [spelled, family, doubt] };
}

/** A vocabulary for instructions has more tokens than these beside the codes. */
const FEW_TOKENS = 200;

/** Codes that are plain numbers: all of the catalogue's have a token. */
function plainNumbers(
  catalogue: Catalogue | undefined,
  vocabulary: ReadonlyMap<string, number>,
): Spelling | undefined {
  if (catalogue === undefined) return undefined;
  const codes = Array.from({ length: catalogue.trie.levels }, (_, level) =>
    codesOfLevel(catalogue, level).map(({ code }) => code),
  );
  const isComplete = codes.flat().every((code) => vocabulary.has(String(code)));
  return isComplete ? { pattern: PLAIN, codes } : undefined;
}

const PLAIN = "{code}";

function spaced(prompt: ProjectPrompt["prompt"]): ProjectPrompt["prompt"] {
  return { ...prompt, codeSeparator: " ", separator: prompt.separator || " " };
}

/** For a model without a tokenizer: the codes are the end of the vocabulary, level by level. */
function proposeOffsets(
  { directory, catalogue, like = "items" }: ProposeOptions,
  model: z.output<typeof config>,
): Proposal {
  const what = `${directory} has no tokenizer.json`;
  if (like !== "items") throw unknown(`${what}, which the prompts of ${like} need`);
  if (catalogue === undefined)
    throw unknown(`${what}: give --catalogue, which shows which tokens are codes`);
  const { levels } = catalogue.trie;
  const largest = Math.max(...catalogue.codesPerLevel);
  const sizes = [2 ** Math.ceil(Math.log2(largest)), largest];
  const size = sizes.find((codes) => levels * codes <= model.vocab_size);
  if (size === undefined) {
    throw unknown(
      `${what}, and its vocabulary of ${model.vocab_size} is too small for ${levels} levels of ${largest} codes, which the catalogue has`,
    );
  }
  const first = model.vocab_size - levels * size;
  const bos = typeof model.bos_token_id === "number" && model.bos_token_id < first;
  return {
    project: "items",
    spec: {
      levels,
      codesPerLevel: size,
      codeTokenOffsets: Array.from({ length: levels }, (_, level) => first + level * size),
      prompt: {
        kind: "items",
        ...(bos ? { bos: Number(model.bos_token_id) } : {}),
        maxItems: 20,
      },
    },
    reasons: [
      "there is no tokenizer.json, so prompts are tokens alone",
      `assumed: ${first} tokens, then ${size} codes for each of ${levels} levels, which is the vocabulary of ${model.vocab_size}; ` +
        "compare codeTokenOffsets and bos with the code that trained the model",
    ],
  };
}

/** The text of the end-of-sequence token, or else its number. */
async function eosOf(directory: string, model: z.output<typeof config>): Promise<string | number> {
  const { eos_token } = await readJson(join(directory, "tokenizer_config.json"), {
    schema: eosToken,
    code: "BAD_PROMPT_SPEC",
    remedy: "it should name eos_token",
  });
  if (eos_token != null) return typeof eos_token === "string" ? eos_token : eos_token.content;
  const { eos_token_id } = model;
  if (typeof eos_token_id === "number") return eos_token_id;
  throw unknown(
    `neither tokenizer_config.json (eos_token) nor config.json (eos_token_id) of ${directory} names the token that closes answers`,
  );
}

function unknown(what: string): ModelError {
  return new ModelError(
    "BAD_PROMPT_SPEC",
    `no nightbeam.json can be proposed: ${what}. docs/guides/models.md describes how to write one`,
  );
}
