import { createHash, timingSafeEqual } from "node:crypto";
import { ROLES, type Role } from "./roles.js";

/** Shorter tokens can be guessed. */
export const MIN_TOKEN_CHARACTERS = 8;

/** A token that is accepted. Only its digest is kept. */
export interface AcceptedToken {
  readonly role: Role;
  /** SHA-256. */
  readonly digest: Buffer;
}

/** The SHA-256 of a token. */
export function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** The role of a token. Undefined if it is not accepted. */
export function roleOf(token: string, accepted: readonly AcceptedToken[]): Role | undefined {
  return roleOfDigest(digestOf(token), accepted);
}

/**
 * The role of the token with this digest. Compares all digests in constant time, so that the time says neither how much
 * of a token is right nor which one it is.
 */
export function roleOfDigest(digest: Buffer, accepted: readonly AcceptedToken[]): Role | undefined {
  let role: Role | undefined;
  for (const one of accepted) if (timingSafeEqual(digest, one.digest)) role = one.role;
  return role;
}

/**
 * Parses a file of tokens. A line is a role and a token, or a role and the SHA-256 of a token: `submit s3cret-token`,
 * `read sha256:9f86d0…`. Empty lines and those that begin with # are skipped.
 *
 * @returns the tokens, or the first problem, which shows no token
 */
export function parseTokens(
  text: string,
): { readonly tokens: readonly AcceptedToken[] } | { readonly problem: string } {
  const tokens: AcceptedToken[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const read = parseLine(line.trim());
    const problem =
      typeof read === "string"
        ? read
        : tokens.some(({ digest }) => digest.equals(read.digest)) && "this token is there twice";
    if (typeof problem === "string") return { problem: `line ${at + 1}: ${problem}` };
    if (typeof read !== "string") tokens.push(read);
  }
  return tokens.length === 0 ? { problem: "it contains no tokens" } : { tokens };
}

const FORM = `write a role (${ROLES.join(", ")}) and a token, or sha256: and the token's SHA-256 in hex`;

/** The token of a line, or what is wrong. */
function parseLine(line: string): AcceptedToken | string {
  const [first, token, ...more] = line.split(/\s+/);
  const role = ROLES.find((one) => one === first);
  if (role === undefined || token === undefined || more.length > 0) return FORM;
  if (token.startsWith("sha256:")) {
    const hex = token.slice("sha256:".length);
    return /^[0-9a-f]{64}$/i.test(hex) ? { role, digest: Buffer.from(hex, "hex") } : FORM;
  }
  if (token.length < MIN_TOKEN_CHARACTERS) {
    return `the token is too short: use at least ${MIN_TOKEN_CHARACTERS} characters`;
  }
  return { role, digest: digestOf(token) };
}
