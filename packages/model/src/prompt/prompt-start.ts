import type { Catalogue } from "@nightbeam/catalogue";
import type { Prompts } from "./open-prompts.js";

/** What all prompts of a model start with: an instruction, for example. */
export interface PromptStart {
  /** Token ids. */
  readonly tokens: Int32Array;
  /** Prompts of users, to check with: a long one, if the model takes it, and a short one. */
  readonly samples: readonly Int32Array[];
}

/** Fewer tokens are not worth a graph that knows them. */
const MIN_TOKENS = 8;
/** Texts of users that begin differently, so that no token of the start goes on in a text. */
const TEXTS = ["", "a", "Z", "7", "\u00e9", " "];
/** Items of a long sample; prompts have no more than their `maxItems`. */
const LONG = 20;

/**
 * Finds the tokens that prompts of all users start with, by comparing prompts of different users, histories and texts, so
 * that it does not matter where the tokenizer joins the instruction and what follows. Undefined if they are few.
 */
export function promptStart(
  {
    encodePrompt,
    writePrompt,
    maxPromptTokens,
  }: Pick<Prompts, "encodePrompt" | "writePrompt" | "maxPromptTokens">,
  { catalogue, columns }: { catalogue: Catalogue; columns: readonly string[] },
): PromptStart | undefined {
  const last = catalogue.itemCount - 1;
  const items = Array.from({ length: LONG }, (_, nth) => Math.round((nth * last) / (LONG - 1)));
  const histories = [items.toReversed(), items, ...items.map((item) => [item])];
  const prompts = histories
    .map((history, nth) => {
      // A column of a prompt of tokens says which token a user has, perhaps as a number.
      const name = String(nth);
      const text = writePrompt === undefined ? name : (TEXTS[nth % TEXTS.length] ?? "");
      const texts = Object.fromEntries(columns.map((column) => [column, text]));
      return encodePrompt(history, { name, texts });
    })
    .filter(({ length }) => length <= maxPromptTokens);
  const [first = new Int32Array()] = prompts;
  let shared = first.length;
  for (const prompt of prompts) {
    let same = 0;
    while (same < shared && prompt[same] === first[same]) same++;
    shared = same;
  }
  if (shared < MIN_TOKENS) return undefined;
  return { tokens: first.slice(0, shared), samples: [first, prompts.at(-1) ?? first] };
}
