import type { Line } from "./lines.js";

const QUOTE = 0x22;
const LINE_BREAK = Buffer.from("\n");
/** Lines of a field, at most. numpy breaks a list of a thousand numbers into about a hundred. */
const MAX_LINES = 1_000;

/**
 * Joins the lines of records with line breaks between quotes. Lines are only joined if the result is a
 * record, so a quote that is never closed spoils its own line. A joined record has the number of its
 * first line.
 */
export async function* joinQuotedLines(
  lines: AsyncIterable<Line[]>,
  isRecord: (line: Line) => boolean,
): AsyncGenerator<Line[]> {
  let waiting: Line[] = [];
  for await (const some of lines) {
    const { done, rest } = joined([...waiting, ...some], { isRecord, isLast: false });
    waiting = rest;
    if (done.length > 0) yield done;
  }
  const { done } = joined(waiting, { isRecord, isLast: true });
  if (done.length > 0) yield done;
}

/** The records of some lines, and the lines that may continue. */
function joined(
  lines: readonly Line[],
  { isRecord, isLast }: { isRecord: (line: Line) => boolean; isLast: boolean },
): { done: Line[]; rest: Line[] } {
  const done: Line[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    if (line === undefined) break;
    if (!staysOpen(line)) {
      done.push(line);
      continue;
    }
    const limit = Math.min(lines.length, at + MAX_LINES);
    let end = at + 1;
    while (end < limit && !staysOpen(lines[end])) end++;
    if (end === lines.length && !isLast) return { done, rest: lines.slice(at) };
    const whole = end < limit ? joinLines(lines.slice(at, end + 1)) : undefined;
    const isWhole = whole !== undefined && isRecord(whole);
    done.push(isWhole ? whole : line);
    if (isWhole) at = end;
  }
  return { done, rest: [] };
}

/** Whether a quote is open at the end of a line: quotes within a field are doubled. */
function staysOpen(line: Line | undefined): boolean {
  const bytes = line?.bytes;
  if (bytes === null || bytes === undefined || !bytes.includes(QUOTE)) return false;
  let quotes = 0;
  for (let at = bytes.indexOf(QUOTE); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) quotes++;
  return quotes % 2 === 1;
}

/** Undefined if the content of a line is not known. */
function joinLines(lines: readonly Line[]): Line | undefined {
  const pieces = lines.flatMap(({ bytes }) => (bytes === null ? [] : [LINE_BREAK, bytes]));
  if (lines[0] === undefined || pieces.length < 2 * lines.length) return undefined;
  return { number: lines[0].number, bytes: Buffer.concat(pieces.slice(1)) };
}
