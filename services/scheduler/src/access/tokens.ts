import { stat } from "node:fs/promises";
import { readOptionFile, refusedFile } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { SchedulerError } from "../errors.js";
import type { Role } from "./roles.js";
import {
  type AcceptedToken,
  digestOf,
  MIN_TOKEN_CHARACTERS,
  parseTokens,
  roleOfDigest,
} from "./token-list.js";

export interface TokensOptions {
  /** A token that may do everything. */
  readonly token?: string | undefined;
  /** The file of further tokens. */
  readonly tokens?: string | undefined;
  readonly log: Pick<Log, "info" | "warn">;
  /** How often the file is looked at, at most. Default: 1 s. */
  readonly lookMs?: number;
}

/** The tokens that the scheduler accepts. */
export interface Tokens {
  /** The role of a token. Undefined if it is not accepted. */
  roleOf(token: string): Promise<Role | undefined>;
  /** The role of the token with this SHA-256, for sessions, which keep no token. */
  roleOfDigest(digest: Buffer): Promise<Role | undefined>;
}

/**
 * Reads the accepted tokens. The file is read again after it has changed, so that tokens are replaced without a restart;
 * if it is then invalid, the tokens before stay.
 *
 * @throws SchedulerError NO_TOKEN; UsageError BAD_OPTION about the file
 */
export async function openTokens(options: TokensOptions): Promise<Tokens> {
  const { token = "", tokens: path, log, lookMs = 1_000 } = options;
  if (token === "" && path === undefined) throw new SchedulerError("NO_TOKEN", NO_TOKEN);
  if (token !== "" && token.length < MIN_TOKEN_CHARACTERS) {
    throw new SchedulerError(
      "NO_TOKEN",
      `The token is too short: use at least ${MIN_TOKEN_CHARACTERS} characters.`,
    );
  }
  const own: readonly AcceptedToken[] =
    token === "" ? [] : [{ role: "admin", digest: digestOf(token) }];
  if (path === undefined) return tokensIn(async () => own);

  let version = await versionOf(path);
  let accepted = [...own, ...(await readTokens(path, log))];
  let lookedAt = performance.now();
  let looking = Promise.resolve();
  const look = async () => {
    const now = await versionOf(path);
    if (now === version) return;
    version = now;
    try {
      accepted = [...own, ...(await readTokens(path, log))];
      log.info({ file: path, tokens: accepted.length }, "read the tokens again");
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, "the tokens before stay valid");
    }
  };
  return tokensIn(async () => {
    if (performance.now() - lookedAt >= lookMs) {
      lookedAt = performance.now();
      looking = looking.then(look);
    }
    // A request that comes while the file is read needs the new tokens as well.
    await looking;
    return accepted;
  });
}

function tokensIn(accepted: () => Promise<readonly AcceptedToken[]>): Tokens {
  return {
    roleOf: async (token) => roleOfDigest(digestOf(token), await accepted()),
    roleOfDigest: async (digest) => roleOfDigest(digest, await accepted()),
  };
}

const NO_TOKEN =
  "The scheduler needs a token, so that not everyone can start runs. Set NIGHTBEAM_TOKEN, or pass --token-file, or " +
  "--tokens for several; `openssl rand -hex 24` makes one.";

async function readTokens(path: string, log: Pick<Log, "warn">): Promise<readonly AcceptedToken[]> {
  const file = { name: "--tokens", path };
  const { bytes, warning } = await readOptionFile(file);
  const parsed = parseTokens(Buffer.from(bytes).toString("utf8"));
  if ("problem" in parsed) throw refusedFile(file, `is invalid: ${parsed.problem}`);
  if (warning !== undefined) log.warn({}, warning);
  return parsed.tokens;
}

/** What changes with every change of a file. */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(path);
    return `${ino} ${mtimeMs} ${size}`;
  } catch {
    return "unreadable";
  }
}
