import { ControlError } from "../errors.js";

/** The servers of a NATS cluster and the credentials for them. */
export interface NatsServers {
  /** host and port of every server of the cluster. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  /** Either a user with a password or a token, from the first URL that has them. */
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

const DEFAULT_PORT = 4222;
const SCHEMES: ReadonlySet<string> = new Set(["nats:", "tls:"]);

/**
 * Parses a list of servers: `nats://a:4222,nats://b:4222`, with `tls://` for TLS and `user:password@` or
 * `token@` before the host. The scheme is optional. URLs are parsed here, because the NATS client ignores
 * credentials in them and takes digits in a password for the port.
 *
 * @throws ControlError BAD_SERVERS
 */
export function parseServers(text: string): NatsServers {
  const urls = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(parseUrl);
  if (urls.length === 0) throw badServers("the list of NATS servers is empty");
  const withUser = urls.find((url) => url.username !== "");
  return {
    hosts: urls.map((url) => ({
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    })),
    tls: urls.some((url) => url.protocol === "tls:"),
    ...(withUser === undefined ? {} : credentials(withUser)),
  };
}

function parseUrl(part: string, index: number): URL {
  const text = part.includes("://") ? part : `nats://${part}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isEncoded = /^([^%]|%[0-9a-f]{2})*$/i.test(`${url?.username}${url?.password}`);
  // The text itself is not shown: it may contain a password.
  if (url === undefined || url.hostname === "" || !SCHEMES.has(url.protocol) || !isEncoded) {
    throw badServers(`entry ${index + 1} of the list of NATS servers is not a valid address`);
  }
  return url;
}

function credentials(url: URL) {
  const user = decodeURIComponent(url.username);
  return url.password === "" ? { token: user } : { user, pass: decodeURIComponent(url.password) };
}

function badServers(what: string): ControlError {
  return new ControlError("BAD_SERVERS", `${what}. Write nats://host:4222, separated by commas.`);
}
