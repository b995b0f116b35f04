import { z } from "zod";

/** An address to listen on or to connect to. */
export interface HostPort {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

const MAX_PORT = 65_535;

/** `host:port`, with an IPv6 address in brackets. `example` is the port that error messages show. */
export function hostPort({ min, example }: { readonly min: 0 | 1; readonly example: number }) {
  const range = `${min === 0 ? "0 (any free one)" : min} to ${MAX_PORT}`;
  const examples = `127.0.0.1:${example} or [::1]:${example}`;
  const message = `give host:port with a port of ${range}, such as ${examples}`;
  return z.string(message).transform((text, context): HostPort => {
    const [, bracketed, plain, digits] =
      /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\],]+)):(\d{1,5})$/.exec(text) ?? [];
    const host = bracketed ?? plain;
    const port = Number(digits);
    if (host !== undefined && port >= min && port <= MAX_PORT) return { host, port };
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

/** `host:port`, with an IPv6 address in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
