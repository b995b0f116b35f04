import { codeText } from "./code-text.js";
import { fillItem } from "./placeholders.js";
import type { PromptSpec, TextPrompt } from "./prompt-spec.js";

/** Items of a history as text: the paths in the order in which they are written. */
export function historyText(
  spec: PromptSpec,
  { prompt, paths }: { prompt: TextPrompt; paths: readonly (readonly number[])[] },
): string {
  if (paths.length === 0) return prompt.emptyHistory;
  return paths
    .map((path, place) =>
      fillItem(prompt.item, { codes: codesText(spec, { prompt, path }), index: place + 1 }),
    )
    .join(prompt.separator);
}

/** The codes of one item as text. */
export function codesText(
  spec: PromptSpec,
  { prompt, path }: { prompt: TextPrompt; path: readonly number[] },
): string {
  return path.map((code, level) => codeText(spec, { level, code })).join(prompt.codeSeparator);
}
