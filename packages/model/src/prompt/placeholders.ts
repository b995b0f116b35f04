/** What is replaced in the texts of a prompt. */
export const PLACEHOLDERS = { history: "{history}", codes: "{codes}", index: "{index}" } as const;

const COLUMN = /\{column:([^{}]+)\}/g;

/** The columns of the histories that a text names by `{column:NAME}`. */
export function columnsOf(text: string): string[] {
  return [...text.matchAll(COLUMN)].map(([, name = ""]) => name);
}

/**
 * Replaces `{history}` and `{column:NAME}`. What is filled in is not searched for placeholders. A column
 * without a text is empty.
 */
export function fillText(
  text: string,
  { history, texts }: { history: string; texts: Readonly<Record<string, string>> },
): string {
  return text.replaceAll(/\{history\}|\{column:([^{}]+)\}/g, (_, column?: string) =>
    column === undefined ? history : (texts[column] ?? ""),
  );
}

/** Replaces `{codes}` and `{index}`. */
export function fillItem(text: string, { codes, index }: { codes: string; index: number }): string {
  return text.replaceAll(/\{codes\}|\{index\}/g, (found) =>
    found === PLACEHOLDERS.codes ? codes : String(index),
  );
}
