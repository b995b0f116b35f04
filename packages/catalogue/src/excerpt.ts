/** Characters of a file's content that a message shows at most. */
const MAX_SHOWN = 40;

/** A short text that needs no escapes. */
const PLAIN = /^[ !#-[\]-~]{0,40}$/;
/** What JSON leaves as it is: other controls, marks that change the direction of text, breaks of lines. */
const INVISIBLE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Content of a file as a message shows it: a text in double quotes, escaped as in JSON, other values as JSON; cut after 40
 * characters, because a file that was named by mistake may hold secrets.
 */
export function excerpt(content: unknown): string {
  if (typeof content === "string") {
    // Readers name every item of large catalogues.
    return PLAIN.test(content) ? `"${content}"` : `"${cut(charactersOf(content))}"`;
  }
  return cut([...jsonOf(content).slice(0, MAX_SHOWN + 1)].map(visible));
}

/** Up to three texts of a file, in 40 characters in all: `"a", "b" and 7 more`. */
export function excerpts(contents: readonly string[]): string {
  const named: string[] = [];
  let left = MAX_SHOWN;
  for (const content of contents.slice(0, 3)) {
    const next = excerpt(content);
    if (named.length > 0 && next.length - 2 > left) break;
    named.push(next);
    left -= next.length - 2;
  }
  const more = contents.length - named.length;
  return `${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** What `JSON.parse` says about a text, with as much of the text as `excerpt` shows. */
export function jsonProblem(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // Unexpected token 'r', "root:x:0:0:"... is not valid JSON
  const [, problem, content] =
    /^(.*?), (?:\.\.\.)?"(.*)"(?:\.\.\.)? is not valid JSON$/s.exec(message) ?? [];
  if (problem === undefined || content === undefined) return escaped(message);
  return `${escaped(problem)} in ${excerpt(content)}`;
}

/** Joins characters, each perhaps an escape, until the limit. */
function cut(characters: readonly string[]): string {
  let shown = "";
  for (const [at, next] of characters.entries()) {
    const isLast = at === characters.length - 1;
    // One place stays for the mark of the cut.
    if (shown.length + next.length > (isLast ? MAX_SHOWN : MAX_SHOWN - 1)) return `${shown}…`;
    shown += next;
  }
  return shown;
}

/** Each takes one place or more, so the rest of a long text need not be looked at. */
function charactersOf(content: string): string[] {
  return [...content.slice(0, MAX_SHOWN + 1)].map(escaped);
}

function escaped(text: string): string {
  return visible(JSON.stringify(text).slice(1, -1));
}

function visible(text: string): string {
  return text.replaceAll(
    INVISIBLE,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function jsonOf(content: unknown): string {
  try {
    return JSON.stringify(content) ?? String(content);
  } catch {
    // A bigint, or a value that contains itself.
    return String(content);
  }
}

/** What the schemas of this project report: the part of a ZodError that a message needs. */
interface SchemaError {
  readonly issues: readonly {
    readonly path: readonly PropertyKey[];
    readonly message: string;
    /** Of an object that has more keys than it may have. */
    readonly keys?: readonly string[] | undefined;
  }[];
}

/** What is wrong with a file's content, for its first three faults. Keys are content: they are cut as well. */
export function schemaProblem({ issues }: SchemaError): string {
  const shown = issues.slice(0, 3).map(({ path, message, keys }) => {
    const place = path.map(String).join(".");
    const problem =
      keys === undefined
        ? message
        : `it has the unknown ${keys.length === 1 ? "key" : "keys"} ${excerpts(keys)}`;
    return place === "" ? problem : `${PLAIN.test(place) ? place : excerpt(place)}: ${problem}`;
  });
  const more = issues.length - shown.length;
  return `${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}
