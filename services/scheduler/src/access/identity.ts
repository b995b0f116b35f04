import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Role } from "./roles.js";
import type { Sessions } from "./sessions.js";
import type { Tokens } from "./tokens.js";

export interface Identity {
  readonly role: Role;
  /** By a cookie, which browsers send on their own; else by a token in the request. */
  readonly isCookie: boolean;
}

export interface Access {
  readonly tokens: Tokens;
  readonly sessions: Sessions;
}

/** Who sends a request: by `Authorization: Bearer …`, or else by the cookie of a login. */
export async function identify(
  context: Context,
  { tokens, sessions }: Access,
): Promise<Identity | undefined> {
  const token = bearerOf(context);
  const role =
    token === undefined ? await sessions.roleOf(sessionIn(context)) : await tokens.roleOf(token);
  return role === undefined ? undefined : { role, isCookie: token === undefined };
}

/** The token of a request; undefined if it has no such header. */
export function bearerOf(context: Context): string | undefined {
  const header = context.req.header("authorization");
  return header === undefined ? undefined : (/^Bearer +(.+)$/i.exec(header)?.[1] ?? "");
}

/** The id of the session that the cookie names, or "". */
export function sessionIn(context: Context): string {
  return getCookie(context, cookieOf(context).name) ?? "";
}

export function writeSession(context: Context, id: string): void {
  const { name, options } = cookieOf(context);
  setCookie(context, name, id, options);
}

export function removeSession(context: Context): void {
  const { name, options } = cookieOf(context);
  deleteCookie(context, name, options);
}

/**
 * Whether a request comes from a page of this server. Cookies are sent with `SameSite=Strict`, and other ports of this
 * host count as the same site.
 */
export function isSameOrigin(context: Context): boolean {
  const site = context.req.header("sec-fetch-site");
  if (site !== undefined) return site === "same-origin";
  const origin = context.req.header("origin");
  // A proxy may have ended TLS, so only hosts are compared.
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === hostOf(context);
}

function hostOf(context: Context): string {
  return context.req.header("host") ?? new URL(context.req.url).host;
}

/** Cookies belong to a host with all its ports, so the port is in the name: tunnels to two clusters both work. */
function cookieOf(context: Context) {
  const { port, protocol } = new URL(context.req.url);
  return {
    name: `nightbeam_session_${port === "" ? "0" : port}`,
    options: {
      path: "/",
      httpOnly: true,
      sameSite: "Strict",
      secure: protocol === "https:",
    },
  } as const;
}
