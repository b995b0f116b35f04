import { setTimeout as sleep } from "node:timers/promises";

/** A terminal that text is drawn on. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export interface WatchOptions {
  readonly screen: Screen;
  /** Returns the text to show, and whether it is the last one. */
  readonly read: () => Promise<{ readonly text: string; readonly isLast: boolean }>;
  readonly everyMs: number;
}

/**
 * Shows a text again and again in the same place, cut to the size of the terminal. On anything but a terminal, each text
 * that differs from the one before is printed below it.
 */
export async function watch({ screen, read, everyMs }: WatchOptions): Promise<void> {
  let drawn = 0;
  let last = "";
  for (;;) {
    const { text, isLast } = await read();
    if (screen.isTTY === true) {
      const lines = fitting(text, screen);
      // Back to the first line of the text before, and clear from there.
      screen.write(`${drawn === 0 ? "" : `\x1b[${drawn}A`}\r\x1b[J${lines.join("\n")}\n`);
      drawn = lines.length;
    } else if (text !== last) {
      screen.write(`${text}\n`);
      last = text;
    }
    if (isLast) return;
    await sleep(everyMs);
  }
}

function fitting(text: string, { columns = 80, rows = 24 }: Screen): string[] {
  const lines = text.split("\n").map((line) => line.slice(0, columns));
  const room = Math.max(1, rows - 1);
  return lines.length <= room ? lines : [...lines.slice(0, room - 1), "…"];
}
