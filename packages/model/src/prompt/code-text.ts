/** How codes are spelled: one pattern for all levels, or one per level. */
export interface CodeSpelling {
  readonly codeTokenPattern?: string | readonly string[] | undefined;
}

/** A code: its level and its number, both from 0. */
export interface CodePlace {
  readonly level: number;
  readonly code: number;
}

const DEFAULT_PATTERN = "<{level}_{code}>";
const FIELD = /\{(level|LEVEL|level0|level1|code)(?::0(\d+))?\}/g;

/** Whether a pattern has the number of the code. */
export function hasCode(pattern: string): boolean {
  return [...pattern.matchAll(FIELD)].some(([, name]) => name === "code");
}

/**
 * Text of a code's token, such as `<a_47>`. In patterns, `{level}` is a, b, c, …, `{LEVEL}` A, B, C, …,
 * `{level0}` 0, 1, 2, …, `{level1}` 1, 2, 3, … and `{code}` the number; `{code:03}` has at least three
 * digits.
 */
export function codeText(
  { codeTokenPattern = DEFAULT_PATTERN }: CodeSpelling,
  { level, code }: CodePlace,
): string {
  const pattern =
    typeof codeTokenPattern === "string" ? codeTokenPattern : (codeTokenPattern[level] ?? "");
  const letter = String.fromCharCode("a".charCodeAt(0) + level);
  const values: Readonly<Record<string, string>> = {
    level: letter,
    LEVEL: letter.toUpperCase(),
    level0: String(level),
    level1: String(level + 1),
    code: String(code),
  };
  return pattern.replaceAll(FIELD, (_, name: string, width = "0") =>
    (values[name] ?? "").padStart(Number(width), "0"),
  );
}
