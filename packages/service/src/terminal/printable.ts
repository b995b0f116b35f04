/**
 * Controls (C0, DEL and C1, of which ESC and CSI move the cursor or change colours), marks that change the direction of
 * text, and separators that some terminals break lines at.
 */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** A text of others, such as a node's name or a reason, as one line that a terminal only shows: `\u001b[31m`. */
export function printable(text: string): string {
  return text.replaceAll(UNSAFE, shown);
}

/** The same for text whose line feeds and tabs are meant. JSON stays JSON. */
export function printableLines(text: string): string {
  return text.replaceAll(UNSAFE, (unsafe) => (/[\n\t]/.test(unsafe) ? unsafe : shown(unsafe)));
}

/** Writes text to standard output as `printableLines` shows it. */
export function print(text: string): void {
  process.stdout.write(printableLines(text));
}

/** Writes text to standard error as `printableLines` shows it. */
export function printError(text: string): void {
  process.stderr.write(printableLines(text));
}

function shown(unsafe: string): string {
  return `\\u${unsafe.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
