import type { PromptSpecInput } from "../prompt/prompt-spec.js";

/** Projects whose checkpoints are known, by the name that `like` takes. */
export const PROJECTS = [
  "lc-rec",
  "minionerec",
  "mimigenrec",
  "openonerec",
  "letter-tiger",
  "tiger",
  "tiger-cf",
  "items",
] as const;
export type Project = (typeof PROJECTS)[number];

/** A prompt that is a text. */
export type TextPromptInput = Exclude<PromptSpecInput["prompt"], { kind: "items" }>;

/** How a project writes prompts when it evaluates, and what closes its answers. */
export interface ProjectPrompt {
  /** The projects that do so, for people. */
  readonly title: string;
  /** Undefined for projects without a tokenizer: `proposeTokens` has theirs. */
  readonly prompt: TextPromptInput | undefined;
  /** Texts; "eos" is the tokenizer's own. */
  readonly end: readonly string[];
}

const NEXT = "Can you predict the next possible item that the user may expect?";
const HISTORY =
  "Can you predict the next possible item the user may expect, given the following chronological interaction history: {history}";
const PAIRED =
  "Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.";

/** Stands for the end-of-sequence token in `end`. */
export const EOS = "eos";

export const PROJECT_PROMPTS: Readonly<Record<Project, ProjectPrompt>> = {
  // prompt.py: sft_prompt with the first instruction of seqrec; --max_his_len 20
  "lc-rec": {
    title: "LC-Rec, LETTER or AtSpeed",
    prompt: {
      kind: "template",
      template:
        "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n" +
        `### Instruction:\nThe user has interacted with items {history} in chronological order. ${NEXT}\n\n### Response:`,
      separator: ", ",
      maxItems: 20,
    },
    end: [EOS],
  },
  // data.py: EvalSidDataset, with the space after "request."; histories of at most 10 items
  minionerec: {
    title: "MiniOneRec",
    prompt: {
      kind: "template",
      template: `${PAIRED} \n\n### Instruction:\n${NEXT}\n\n### User Input: \n${HISTORY}\n\n### Response:\n`,
      separator: ", ",
      maxItems: 10,
    },
    end: ["\n", EOS],
  },
  // evaluate.py: format_prompt; histories of at most 10 items
  mimigenrec: {
    title: "MIMIGenRec",
    prompt: {
      kind: "chat",
      messages: [
        { role: "system", content: PAIRED },
        { role: "user", content: `${NEXT}\n\n${HISTORY}` },
      ],
      separator: ", ",
      maxItems: 10,
    },
    end: [EOS],
  },
  // video_rec.py: the first of its prompts; qwen3_soft_switch.jinja2 appends /no_think to the last message
  openonerec: {
    title: "OpenOneRec",
    prompt: {
      kind: "chat",
      messages: [
        {
          role: "system",
          content: "你是一个智能推荐助手，能够根据用户的浏览历史预测用户可能感兴趣的下一个内容。",
        },
        {
          role: "user",
          content: "根据以下用户浏览记录，请预测用户接下来可能观看的内容：\n{history}/no_think",
        },
      ],
      variables: { enable_thinking: false },
      answerPrefix: "<|sid_begin|>",
      item: "<|sid_begin|>{codes}<|sid_end|>",
      separator: "",
      maxItems: 512,
    },
    end: [],
  },
  // LETTER-TIGER/data.py: the codes of at most 20 items, one after the other; the tokenizer closes the text
  "letter-tiger": {
    title: "LETTER-TIGER",
    prompt: { kind: "template", template: "{history}", separator: "", maxItems: 20 },
    end: [EOS],
  },
  tiger: { title: "TIGER, with a token of the user", prompt: undefined, end: [] },
  "tiger-cf": {
    title: "tiger-cf, with a token of the user at the end",
    prompt: undefined,
    end: [],
  },
  items: {
    title: "prompts of items alone, as TIGER has them",
    prompt: { kind: "template", template: "{history}", separator: "", maxItems: 20 },
    end: [],
  },
};
