/** Replaces a secret. */
const HIDDEN = "[redacted]";

/** Deeper values are not written: a log field is never nested this far, but a cycle is. */
const MAX_DEPTH = 6;

const SECRET_KEY =
  /(?:token|authorization|password|passwd|secret|secretaccesskey|accesskey|api[-_]?key|cookie)$/i;

/**
 * `scheme://user:password@` or `scheme://token@`: NATS takes a bare token there, so all of it is secret.
 * The second half finds passwords that contain a `/`, at the price of hiding `host:port/path@`.
 */
const USER_INFO = /(:\/\/)(?:[^\s/?#"']*|[^\s/@"']*:[^\s@"']*)@/g;
const QUERY_SECRET =
  /([?&][\w-]*(?:token|password|secret|signature|credential|api[-_]?key)=)[^&\s#"']+/gi;
const AUTHORIZATION = /\b([Bb]earer|Basic) +[\w.~+/-]{8,}=*/g;

/** Hides passwords and tokens in URLs and authorization headers. */
export function scrubText(text: string): string {
  return text
    .replace(USER_INFO, `$1${HIDDEN}@`)
    .replace(QUERY_SECRET, `$1${HIDDEN}`)
    .replace(AUTHORIZATION, `$1 ${HIDDEN}`);
}

/**
 * Copies log fields without secrets, at every depth: values whose key names a secret are replaced, texts go
 * through `scrubText`, errors become { type, code, message, stack, cause }. pino's own redaction knows only
 * fixed paths and does not look into texts.
 */
export function scrubFields(fields: object): Record<string, unknown> {
  if (fields instanceof Error) return { error: scrubError(fields, 1) };
  return scrubEntries(fields, 1);
}

function scrubEntries(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      const secret = SECRET_KEY.test(key) && value !== undefined && value !== null;
      return [key, secret ? HIDDEN : scrub(value, depth)];
    }),
  );
}

function scrub(value: unknown, depth: number): unknown {
  if (typeof value === "string") return scrubText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) return "[deep]";
  if (value instanceof Error) return scrubError(value, depth + 1);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof URL) return scrubText(value.href);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map) return scrubEntries(Object.fromEntries(value), depth + 1);
  if (value instanceof Set) return scrub([...value], depth);
  if (Array.isArray(value)) return value.map((entry) => scrub(entry, depth + 1));
  return scrubEntries(value, depth + 1);
}

/** Type, code and message come first, because readers look for them. Other fields are left out. */
function scrubError(error: Error, depth: number): Record<string, unknown> {
  const code = "code" in error ? error.code : undefined;
  return {
    type: error.name,
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    message: scrubText(error.message),
    ...(error.stack === undefined ? {} : { stack: scrubText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: scrub(error.cause, depth) }),
  };
}
