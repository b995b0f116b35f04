import { randomBytes } from "node:crypto";
import type { Role } from "./roles.js";
import { digestOf } from "./token-list.js";
import type { Tokens } from "./tokens.js";

/** A session that was not used for this long has ended. */
const MAX_IDLE_MS = 12 * 3_600_000;
/** With more, the one that was not used for the longest time ends. */
const MAX_SESSIONS = 1_000;

export interface SessionsOptions {
  readonly tokens: Tokens;
  /** Milliseconds since some moment, never going back. Default: the process's monotonic clock. */
  readonly elapsed?: () => number;
}

/**
 * The logins of browsers. A session stands for a token and has its role, also after that has changed; it ends with the
 * token. They are kept in memory: after a restart one logs in again.
 */
export interface Sessions {
  /** Starts a session. @returns its id, which is secret, or undefined if the token is not accepted */
  start(token: string): Promise<string | undefined>;
  /** The role of a session. Undefined if it has ended. */
  roleOf(id: string): Promise<Role | undefined>;
  end(id: string): void;
}

export function openSessions(options: SessionsOptions): Sessions {
  const { tokens, elapsed = () => performance.now() } = options;
  // By the digest of the id, in the order of their last use.
  const sessions = new Map<string, { readonly token: Buffer; readonly usedAt: number }>();
  const keyOf = (id: string) => digestOf(id).toString("base64");
  const keep = (key: string, token: Buffer) => {
    sessions.delete(key);
    sessions.set(key, { token, usedAt: elapsed() });
    const [oldest] = sessions.keys();
    if (sessions.size > MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
  };
  return {
    start: async (token) => {
      if ((await tokens.roleOf(token)) === undefined) return undefined;
      const id = randomBytes(32).toString("base64url");
      keep(keyOf(id), digestOf(token));
      return id;
    },
    roleOf: async (id) => {
      const key = keyOf(id);
      const session = sessions.get(key);
      if (session === undefined) return undefined;
      const isOld = elapsed() - session.usedAt > MAX_IDLE_MS;
      const role = isOld ? undefined : await tokens.roleOfDigest(session.token);
      if (role === undefined) sessions.delete(key);
      else if (sessions.has(key)) keep(key, session.token);
      return role;
    },
    end: (id) => void sessions.delete(keyOf(id)),
  };
}
