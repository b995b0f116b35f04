import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Catalogue } from "@nightbeam/catalogue";
import { z } from "zod";
import { readJson } from "../checkpoint/read-json.js";
import { codesOfLevel } from "../prompt/code-tokens.js";
import { requireTokenizer } from "../prompt/missing-tokenizer.js";
import { openTokenizer } from "../prompt/tokenizer.js";
import { EOS, PROJECT_PROMPTS, type Project, type TextPromptInput } from "./projects.js";
import {
  FEW_TOKENS,
  type Proposal,
  proposeTokens,
  TOKEN_PROJECTS,
  unknown,
  type Vocabulary,
} from "./propose-tokens.js";
import { findSpelling, type Spelling } from "./spelling.js";

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
  pad_token_id: z.int().nullish(),
  decoder_start_token_id: z.int().nullish(),
});
const eosToken = z.object({
  eos_token: z.union([z.string(), z.object({ content: z.string() })]).nullish(),
});

/**
 * @throws ModelError BAD_PROMPT_SPEC if nothing is recognised, with what is missing; MISSING_FILE if the tokenizer is
 * in files of another kind
 */
export async function proposeSpec(options: ProposeOptions): Promise<Proposal> {
  const { directory, base, catalogue } = options;
  const model = await readJson(join(base, "config.json"), {
    schema: config,
    code: "BAD_CHECKPOINT",
    remedy: "a checkpoint is a directory as `save_pretrained` of Hugging Face writes it",
  });
  const { like } = options;
  requireTokenizer(directory);
  if (!existsSync(join(directory, "tokenizer.json"))) {
    const project = TOKEN_PROJECTS.find((one) => one === like);
    if (like === undefined || project !== undefined) {
      return proposeTokens({ directory, catalogue, like: project }, vocabularyOf(model));
    }
    throw unknown(`${directory} has no tokenizer.json, which the prompts of ${like} need`);
  }
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
  if (prompt === undefined) {
    throw unknown(
      `the prompts of ${project} are tokens by number, and ${directory} has tokenizer.json, which names them: leave --like out`,
    );
  }
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
  if (model.model_type === "t5") {
    const doubt =
      "answers are assumed to be closed by EOS, as its tokenizer closes texts: `--like items` leaves it out";
    return { project: "letter-tiger", reasons: [spelled, "model_type t5", doubt] };
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

function spaced(prompt: TextPromptInput): TextPromptInput {
  return { ...prompt, codeSeparator: " ", separator: prompt.separator || " " };
}

function vocabularyOf(model: z.output<typeof config>): Vocabulary {
  const { vocab_size: size, model_type, bos_token_id: bos, eos_token_id: eos } = model;
  return {
    size,
    isT5: model_type === "t5",
    bos: typeof bos === "number" ? bos : undefined,
    eos: typeof eos === "number" ? eos : undefined,
    pad: model.pad_token_id ?? undefined,
    start: model.decoder_start_token_id ?? model.pad_token_id ?? undefined,
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
