/** The fields of a CSV line, or its problem. */
export type CsvFields =
  | { readonly ok: true; readonly fields: string[] }
  | { readonly ok: false; readonly detail: string };

const MAX_INDENT = 8;

/**
 * Splits a line into fields: RFC 4180 quoting. Lines of a field with line breaks are joined before, see
 * `joinQuotedLines`; a quote that is still open spoils one row instead of the rest of the file.
 */
export function splitCsvLine(line: string, delimiter: string): CsvFields {
  if (!line.includes('"')) return { ok: true, fields: line.split(delimiter) };
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    // Python's writers and people put spaces after commas: `u1, "a, b"`.
    while (line[at] === " " && /^ *"/.test(line.slice(at, at + MAX_INDENT))) at++;
    if (line[at] !== '"') {
      const end = line.indexOf(delimiter, at);
      fields.push(end < 0 ? line.slice(at) : line.slice(at, end));
      if (end < 0) return { ok: true, fields };
      at = end + delimiter.length;
      continue;
    }
    const close = closingQuote(line, at + 1);
    if (close < 0) return { ok: false, detail: "a quote is not closed on its line" };
    fields.push(line.slice(at + 1, close).replaceAll('""', '"'));
    at = close + 1;
    if (at === line.length) return { ok: true, fields };
    if (!line.startsWith(delimiter, at))
      return { ok: false, detail: "text follows a closing quote" };
    at += delimiter.length;
  }
}

/**
 * Joins the fields of a list that was not quoted: `['a'` and `'b']` are one field, `['a','b']`. Returns
 * the fields unchanged if a bracket stays open.
 */
export function joinBrackets(fields: readonly string[], delimiter: string): string[] {
  const joined: string[] = [];
  let open: string[] = [];
  for (const field of fields) {
    if (open.length === 0 && !field.trimStart().startsWith("[")) {
      joined.push(field);
      continue;
    }
    open.push(field);
    if (!field.trimEnd().endsWith("]")) continue;
    joined.push(open.join(delimiter));
    open = [];
  }
  return open.length > 0 ? [...fields] : joined;
}

/** The position of the quote that ends a field; a doubled quote is an escaped one. */
function closingQuote(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at >= 0; at = line.indexOf('"', at + 2)) {
    if (line[at + 1] !== '"') return at;
  }
  return -1;
}
