import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildCatalogue, type Catalogue, parseLcRecIndex } from "@nightbeam/catalogue";
import { refusal, useTempDir } from "@nightbeam/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CHAT_TEMPLATE_FILES } from "../../src/prompt/chat-template.js";
import { promptWriter } from "../../src/prompt/prompt-encoder.js";
import { checkPromptSpec } from "../../src/prompt/prompt-spec.js";

const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
const THINKING = `{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}`;
const HEADERS =
  "{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";
const INST = `{%- if messages[0]['role'] == 'system' %}{%- set system = messages[0]['content'] %}{%- set rest = messages[1:] %}{%- else %}{%- set rest = messages %}{%- endif %}
{{- bos_token }}
{%- for message in rest %}
    {%- if message['role'] != 'user' %}{{ raise_exception('only users may speak') }}{%- endif %}
    {{- '[INST] ' + (system + '\\n\\n' if system is defined and loop.last else '') + message['content'] + ' [/INST]' }}
{%- endfor %}`;
const DATED =
  "{% if not date is defined %}{% set date = strftime_now('%d %b %Y') %}{% endif %}{{ date }}";
const MESSAGES = [
  { role: "system", content: "You recommend." },
  { role: "user", content: " Took {history}; asked {column:query}. " },
];

const catalogueOf = (paths: readonly number[][]): Catalogue =>
  buildCatalogue(paths.map((codes, i) => ({ id: `i${i}`, codes, where: `item ${i}` })));

describe("chats", () => {
  const temporary = useTempDir();
  const catalogue = catalogueOf([
    [1, 10],
    [2, 20],
  ]);
  const store = (file: string, fields: Record<string, unknown>) =>
    writeFile(join(temporary(), file), JSON.stringify(fields));
  const configured = (chat_template: unknown) =>
    store("tokenizer_config.json", {
      chat_template,
      bos_token: { content: "<s>" },
      eos_token: "</s>",
    });
  const write = async (fields: Record<string, unknown> = {}) => {
    const { prompt, ...spec } = checkPromptSpec(
      {
        levels: 2,
        codeTokenPattern: "<{level}_{code}>",
        prompt: { kind: "chat", messages: MESSAGES, maxItems: 2, ...fields },
      },
      "nightbeam.json",
    );
    if (prompt.kind === "items") throw new Error("a prompt of another kind");
    return promptWriter(prompt, { directory: temporary(), spec: { ...spec, prompt }, catalogue });
  };
  const user = "Took <a_1><b_10>, <a_2><b_20>; asked a {history}.";
  beforeEach(() => configured(CHATML));
  afterEach(async () => {
    for (const file of CHAT_TEMPLATE_FILES) await rm(join(temporary(), file), { force: true });
  });

  it.each([
    [
      "ChatML",
      CHATML,
      {},
      `<|im_start|>system\nYou recommend.<|im_end|>\n<|im_start|>user\n ${user} <|im_end|>\n<|im_start|>assistant\n`,
    ],
    [
      "ChatML without thinking",
      THINKING,
      { variables: { enable_thinking: false }, answerPrefix: "<|sid_begin|>" },
      `<|im_start|>system\nYou recommend.<|im_end|>\n<|im_start|>user\n ${user} <|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n<|sid_begin|>`,
    ],
    [
      "ChatML to be continued",
      THINKING,
      { addGenerationPrompt: false },
      `<|im_start|>system\nYou recommend.<|im_end|>\n<|im_start|>user\n ${user} <|im_end|>\n`,
    ],
    [
      "headers",
      HEADERS,
      {},
      `<s><|start_header_id|>system<|end_header_id|>\n\nYou recommend.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n${user}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n`,
    ],
    ["[INST]", INST, {}, `<s>[INST] You recommend.\n\n ${user}  [/INST]`],
    ["a date of its own", DATED, { variables: { date: "1 May 2026" } }, "1 May 2026"],
  ])("are written by the checkpoint's template: %s", async (_, template, fields, text) => {
    await configured(template);
    // What a user writes is no placeholder.
    expect((await write(fields))([0, 1], { query: "a {history}" })).toBe(text);
  });

  it("number and mark items, the newest first", async () => {
    const fields = {
      chatTemplate: "{{ messages[1].content }}",
      item: "{index}. [{codes}]",
      codeSeparator: " ",
      separator: "\n",
      emptyHistory: "nothing",
      order: "newest-first",
    };
    const writer = await write(fields);
    expect(writer([0, 0, 1], { query: "?" })).toBe(
      " Took 1. [<a_2> <b_20>]\n2. [<a_1> <b_10>]; asked ?. ",
    );
    expect(writer([])).toBe(" Took nothing; asked . ");
  });

  it("are written by the template of the first place that has one", async () => {
    const first = async () => (await write())([0]);
    await configured([
      { name: "default", template: "named" },
      { name: "rag", template: "rag" },
    ]);
    expect(await first()).toBe("named");
    await configured(undefined);
    await store("chat_template.json", { chat_template: "json" });
    expect(await first()).toBe("json");
    await writeFile(join(temporary(), "chat_template.jinja"), "jinja");
    expect(await first()).toBe("jinja");
    expect((await write({ chatTemplate: "given" }))([0])).toBe("given");
  });

  it.each([
    [undefined, "has no chat template"],
    [[{ name: "rag", template: "" }], "(rag), and none is called default"],
    ["{% if %}", "tokenizer_config.json cannot be used"],
    ["{{ raise_exception('no system') }}", "no system"],
    [DATED, "today's date"],
  ])("are refused at once for the template %o", async (template, text) => {
    await configured(template);
    const { code, message } = await refusal(write());
    expect(code).toBe("BAD_PROMPT_SPEC");
    expect(message).toContain(text);
  });
});

const SHARED =
  process.env.NIGHTBEAM_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));
const toys = join(SHARED, "data", "toys");

interface ToysPrompt {
  readonly system: string;
  readonly instruction: string;
  readonly input: string;
}

describe.skipIf(!existsSync(toys))("published prompts (skipped without data/toys)", () => {
  const temporary = useTempDir();

  it("are the same to the character, all of them", async () => {
    const published: ToysPrompt[] = JSON.parse(await readFile(join(toys, "prompts.json"), "utf8"));
    const catalogue = parseLcRecIndex(await readFile(join(toys, "id2sid.json"), "utf8"));
    const itemOf = new Map<string, number>();
    const index: Record<string, string[]> = JSON.parse(
      await readFile(join(toys, "id2sid.json"), "utf8"),
    );
    for (const [id, codes] of Object.entries(index)) {
      itemOf.set(codes.join(""), catalogue.itemIndex(id) ?? -1);
    }
    await writeFile(
      join(temporary(), "tokenizer_config.json"),
      JSON.stringify({ chat_template: CHATML }),
    );
    const [{ system = "", instruction = "" } = {}] = published;
    const history =
      "Can you predict the next possible item the user may expect, given the following chronological interaction history: {history}";
    const messages = [
      { role: "system", content: system },
      { role: "user", content: `${instruction}\n\n${history}` },
    ];
    const spec = checkPromptSpec(
      {
        levels: 3,
        codeTokenPattern: "<{level}_{code}>",
        prompt: { kind: "chat", messages, maxItems: 10 },
      },
      "nightbeam.json",
    );
    if (spec.prompt.kind === "items") throw new Error("a prompt of another kind");
    const write = await promptWriter(spec.prompt, { directory: temporary(), spec, catalogue });
    const different = published.filter((prompt) => {
      const items = prompt.input.match(/(<[a-c]_\d+>)+/g) ?? [];
      const text = write(items.map((path) => itemOf.get(path) ?? -1));
      const turns = `<|im_start|>system\n${prompt.system}<|im_end|>\n<|im_start|>user\n${prompt.instruction}\n\n${prompt.input}<|im_end|>\n`;
      return text !== `${turns}<|im_start|>assistant\n`;
    });
    expect(published.length).toBeGreaterThan(100);
    expect(different).toEqual([]);
  });
});
