import { existsSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { readSmall } from "@nightbeam/store";
import { z } from "zod";
import { readJson } from "../checkpoint/read-json.js";
import { ModelError } from "../errors.js";
import type { PromptSpec } from "./prompt-spec.js";

type ChatPrompt = Extract<PromptSpec["prompt"], { kind: "chat" }>;
export type ChatMessage = ChatPrompt["messages"][number];

/** Writes messages as the text of a prompt. @throws ModelError BAD_PROMPT_SPEC */
export type ChatRenderer = (messages: readonly ChatMessage[]) => string;

/** Files that hold a chat template, apart from tokenizer_config.json. */
export const CHAT_TEMPLATE_FILES = ["chat_template.jinja", "chat_template.json"] as const;

const [JINJA_FILE, JSON_FILE] = CHAT_TEMPLATE_FILES;
const CONFIG_FILE = "tokenizer_config.json";

const templates = z.union([
  z.string(),
  z.array(z.object({ name: z.string(), template: z.string() })),
]);
const specialToken = z.union([z.string(), z.object({ content: z.string() })]).nullish();
const configSchema = z.object({
  chat_template: templates.nullish(),
  bos_token: specialToken,
  eos_token: specialToken,
  unk_token: specialToken,
  sep_token: specialToken,
  pad_token: specialToken,
  cls_token: specialToken,
  mask_token: specialToken,
});

/**
 * The chat template of a checkpoint: the prompt's own, `chat_template.jinja`, `tokenizer_config.json` or
 * `chat_template.json`, in this order. It sees the variables that `apply_chat_template` of `transformers` gives it.
 *
 * @throws ModelError MISSING_FILE, BAD_PROMPT_SPEC
 */
export async function openChatTemplate(
  directory: string,
  prompt: ChatPrompt,
): Promise<ChatRenderer> {
  const config = await readConfig(directory, CONFIG_FILE);
  const { source, text } = await findTemplate(directory, { prompt, config });
  const failure = (cause: unknown) =>
    new ModelError(
      "BAD_PROMPT_SPEC",
      `the chat template of ${source} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  const template = attempt(() => new Template(text.replaceAll("strftime_now", TODAY)), failure);
  const variables = {
    tools: null,
    documents: null,
    ...specialTokens(config),
    ...prompt.variables,
    add_generation_prompt: prompt.addGenerationPrompt,
    [TODAY]: refuseToday,
  };
  return (messages) => attempt(() => template.render({ ...variables, messages }), failure);
}

/** What a template's `strftime_now` is called here: the library's own gives the present time. */
const TODAY = "nightbeam_today";

/** A run that is resumed the next day must write the same prompts. */
function refuseToday(): never {
  throw new Error(
    "it writes today's date, so that prompts would change from day to day; in nightbeam.json, give it a date, " +
      'as in "variables": { "date_string": "26 Jul 2024" }, or a prompt.chatTemplate without one',
  );
}

async function findTemplate(
  directory: string,
  { prompt, config }: { prompt: ChatPrompt; config: z.output<typeof configSchema> },
): Promise<{ source: string; text: string }> {
  if (prompt.chatTemplate !== undefined) {
    return { source: "nightbeam.json (prompt.chatTemplate)", text: prompt.chatTemplate };
  }
  const jinja = join(directory, JINJA_FILE);
  if (existsSync(jinja)) return { source: jinja, text: (await readSmall(jinja)).toString("utf8") };
  const json = existsSync(join(directory, JSON_FILE)) && (await readConfig(directory, JSON_FILE));
  const stored = [
    { file: CONFIG_FILE, found: config.chat_template },
    { file: JSON_FILE, found: json ? json.chat_template : undefined },
  ].find(({ found }) => found != null);
  const found = stored?.found;
  if (stored === undefined || found == null) {
    throw new ModelError(
      "BAD_PROMPT_SPEC",
      `${directory} has no chat template, in ${CONFIG_FILE} or ${CHAT_TEMPLATE_FILES.join(" or ")}: ` +
        "give one as prompt.chatTemplate in nightbeam.json, or use a prompt of kind template",
    );
  }
  const source = join(directory, stored.file);
  if (typeof found === "string") return { source, text: found };
  const text = found.find(({ name }) => name === "default")?.template;
  if (text !== undefined) return { source, text };
  throw new ModelError(
    "BAD_PROMPT_SPEC",
    `${source} has several chat templates (${found.map(({ name }) => name).join(", ")}), and none is called default: ` +
      "give the one to use as prompt.chatTemplate in nightbeam.json",
  );
}

function readConfig(directory: string, file: string): Promise<z.output<typeof configSchema>> {
  return readJson(join(directory, file), {
    schema: configSchema,
    code: "BAD_PROMPT_SPEC",
    remedy: "prompts of kind chat need the tokenizer's files in the checkpoint",
  });
}

/** Special tokens by name, as their texts. */
function specialTokens(config: z.output<typeof configSchema>): Record<string, string> {
  const { chat_template: _, ...tokens } = config;
  return Object.fromEntries(
    Object.entries(tokens).flatMap(([name, token]) => {
      if (token == null) return [];
      return [[name, typeof token === "string" ? token : token.content]];
    }),
  );
}

function attempt<T>(work: () => T, failure: (cause: unknown) => Error): T {
  try {
    return work();
  } catch (cause) {
    throw failure(cause);
  }
}
