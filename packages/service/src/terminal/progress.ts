import { printable } from "./printable.js";
/** What a progress line shows. */
export interface ProgressState {
  readonly done: number;
  readonly total: number;
  /** Done before this process started: part of `done`, but not of the rate. */
  readonly before: number;
  /** More figures, such as calls per user. */
  readonly note: string;
}

export interface Progress {
  update(state: ProgressState): void;
  /** Shows the last state and ends the line. */
  finish(): void;
}

/** The stream that progress is written to: a terminal or a log. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_CELLS = 24;
/** A shorter bar is left out. */
const MIN_CELLS = 4;
const REDRAW_MS = 100;
const LINE_EVERY_MS = 10_000;

/**
 * A progress bar on a terminal, or a line every ten seconds in a log.
 *
 * @param now returns milliseconds; tests pass their own clock
 */
export function progressBar(
  stream: ProgressStream,
  now: () => number = () => performance.now(),
): Progress {
  const isTerminal = stream.isTTY === true;
  // The rate counts from the first update, so that it does not include loading models.
  let started: number | undefined;
  let shownAt = Number.NEGATIVE_INFINITY;
  let latest: ProgressState | undefined;
  const show = (state: ProgressState): void => {
    const seconds = (now() - (started ?? now())) / 1000;
    const line = progressLine(
      state,
      seconds,
      isTerminal ? (stream.columns ?? 80) : Number.POSITIVE_INFINITY,
    );
    stream.write(isTerminal ? `\r\x1b[2K${line}` : `${line}\n`);
    shownAt = now();
  };
  return {
    update(state) {
      latest = state;
      if (started === undefined) {
        started = now();
        if (!isTerminal) shownAt = started;
      }
      if (now() - shownAt >= (isTerminal ? REDRAW_MS : LINE_EVERY_MS)) show(state);
    },
    finish() {
      if (latest === undefined) return;
      show(latest);
      if (isTerminal) stream.write("\n");
      latest = undefined;
    },
  };
}

/**
 * One line: percentage, bar, counts, rate, time left, note. If it has more than `columns` characters, the bar gets shorter,
 * then the note is left out, then the rest is cut.
 */
export function progressLine(
  state: ProgressState,
  seconds: number,
  columns = Number.POSITIVE_INFINITY,
): string {
  const { done, total, before, note } = state;
  const share = total === 0 ? 1 : done / total;
  const rate = seconds > 0 ? (done - before) / seconds : 0;
  const left = rate > 0 ? clock((total - done) / rate) : "-:--";
  const percent = `${String(Math.floor(share * 100)).padStart(3)}%`;
  const counts = [`${whole(done)}/${whole(total)} users`, `${whole(rate)}/s`, `${left} left`];
  const lines = [[...counts, printable(note)], counts].map((rest) => {
    const text = rest.filter((part) => part !== "").join("  ");
    const room = Math.min(BAR_CELLS, columns - percent.length - text.length - 4);
    return [percent, ...(room < MIN_CELLS ? [] : [bar(share, room)]), text].join("  ");
  });
  return (lines.find(({ length }) => length <= columns) ?? lines[1] ?? "").slice(0, columns);
}

function bar(share: number, cells: number): string {
  const full = Math.round(share * cells);
  return `${"█".repeat(full)}${"░".repeat(cells - full)}`;
}

/** A rounded number with separators: 12,345. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Seconds as 1:02:03 or 2:03. */
export function clock(seconds: number): string {
  const all = Math.ceil(seconds);
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor((all % 3600) / 60);
  const rest = String(all % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
