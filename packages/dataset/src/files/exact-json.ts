/** A text in quotes or a number, as a whole. */
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const WHOLE_NUMBER = /^-?\d+$/;
const LONG_NUMBER = /\d{16}/;

/**
 * Parses JSON as `JSON.parse` does, except that whole numbers beyond 2^53 become texts with the same digits: rounded, an
 * id would be that of another item.
 *
 * @throws SyntaxError
 */
export function parseExactJson(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  const exact = text.replaceAll(TEXT_OR_NUMBER, (found) =>
    WHOLE_NUMBER.test(found) && !Number.isSafeInteger(Number(found)) ? `"${found}"` : found,
  );
  return JSON.parse(exact);
}
