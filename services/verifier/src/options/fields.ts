import { z } from "zod";
import { VerifierError } from "../errors.js";

/** A whole number, as it was typed. */
export function wholeNumber(least: number) {
  return numberFrom(
    (value) => Number.isSafeInteger(value) && value >= least,
    `give a whole number of at least ${least}`,
  );
}

/** A number, fractions allowed. */
export function numberOf(what: string) {
  return numberFrom((value) => value >= 0 && value < Number.POSITIVE_INFINITY, `give ${what}`);
}

function numberFrom(fits: (value: number) => boolean, message: string) {
  return z
    .union([z.number(), z.string().trim().min(1, message)], message)
    .transform(Number)
    .refine(fits, message);
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, `give ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);
}

/** Where to listen, or what to dial. */
export interface HostPort {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** `host:port`; an IPv6 address stands in brackets. */
export function hostPort(leastPort: 0 | 1) {
  const range = leastPort === 0 ? "0 (any free one) to 65535" : "1 to 65535";
  const message = `give host:port with a port of ${range}, such as 127.0.0.1:7070 or [::1]:7070`;
  return z.string(message).transform((text, context): HostPort => {
    const [, bracketed, plain, digits] =
      /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\],]+)):(\d{1,5})$/.exec(text) ?? [];
    const host = bracketed ?? plain;
    const port = Number(digits);
    if (host !== undefined && port >= leastPort && port <= 65_535) return { host, port };
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

/** As one dials it. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Options as a schema reads them. Empty values count as not given: that is how files of environment
 * variables leave one out.
 *
 * @param source.nameOf what an option is called where its value came from: a flag or a variable
 * @throws VerifierError BAD_OPTION, naming option, value and remedy
 */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  source: {
    readonly given: Readonly<Record<string, unknown>>;
    readonly nameOf: (key: string) => string;
  },
): z.output<Schema> {
  const given = Object.fromEntries(
    Object.entries(source.given).filter(([, value]) => value !== ""),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = String(issue?.path[0] ?? "");
  const value = given[key];
  const name = source.nameOf(key);
  throw new VerifierError(
    "BAD_OPTION",
    value === undefined ? `${name} is required` : `${name} ${String(value)}: ${issue?.message}`,
  );
}
