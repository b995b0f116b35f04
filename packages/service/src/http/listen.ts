import { createServer } from "node:https";
import { type ServerType, serve } from "@hono/node-server";
import { UsageError } from "../errors.js";
import { reasonOf } from "../log/index.js";
import { formatHostPort } from "../options/host-port.js";
import type { TlsBytes } from "../options/tls.js";

export interface Listening {
  /** http://host:port, or https:// */
  readonly url: string;
  /** Refuses new connections and waits for requests in progress, for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export interface ListenOptions {
  /** The name of the service in messages. */
  readonly service: string;
  /** Answers requests, such as a Hono app. */
  readonly app: { readonly fetch: Parameters<typeof serve>[0]["fetch"] };
  /** With a certificate, the server uses TLS. */
  readonly tls?: TlsBytes | undefined;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

/** Starts the HTTP server. @throws UsageError BAD_OPTION if the address cannot be used */
export function listen({ service, app, tls, host, port }: ListenOptions): Promise<Listening> {
  const secure = certificateOf(tls);
  // A client that sends just as its idle connection is closed gets an error and no answer. Load balancers close theirs
  // after 60 s.
  const options = { keepAliveTimeout: KEEP_ALIVE_MS };
  return new Promise((resolve, reject) => {
    const onListening = ({ port: actual }: { port: number }) => {
      server.off("error", onError);
      const url = `${secure === undefined ? "http" : "https"}://${formatHostPort({ host, port: actual })}`;
      resolve({ url, close: (graceMs) => close(server, graceMs) });
    };
    const onError = (error: Error) => {
      reject(
        new UsageError(
          "BAD_OPTION",
          `The ${service} cannot listen on ${host}:${port}: ${reasonOf(error)}. Use another --listen.`,
          { cause: error },
        ),
      );
    };
    const address = { fetch: app.fetch, hostname: host, port };
    const server =
      secure === undefined
        ? serve({ ...address, serverOptions: options }, onListening)
        : serve(
            { ...address, createServer, serverOptions: { ...options, ...secure } },
            onListening,
          );
    server.once("error", onError);
  });
}

const KEEP_ALIVE_MS = 75_000;

function certificateOf(tls: TlsBytes | undefined) {
  if (tls?.cert === undefined || tls.key === undefined) return undefined;
  return { cert: Buffer.from(tls.cert), key: Buffer.from(tls.key) };
}

function close(server: ServerType, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      if ("closeAllConnections" in server) server.closeAllConnections();
    }, graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    if ("closeIdleConnections" in server) server.closeIdleConnections();
  });
}
