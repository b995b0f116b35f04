/** What went wrong, in a line without its full stop: for a log's `reason`, or inside a sentence. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split("\n", 1)[0] ?? text).replace(/\.$/, "");
}

/** The `code` of whatever was thrown, where it has one: ours and the operating system's are words. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
