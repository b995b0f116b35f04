import { connect as connectPlain, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import type { TlsClientOptions } from "@nightbeam/service";
import { AbstractConnector, type RedisOptions } from "ioredis";

/** What a connection is opened with. */
export interface ConnectorPlace {
  readonly host: string;
  readonly port: number;
  /** Undefined for a connection without TLS. */
  readonly tls: TlsClientOptions | undefined;
}

/** How long the server may take to close its side. */
const DISCONNECT_MS = 2_000;

/**
 * A connector like the client's own, except that no error of a socket is left without a listener. The client takes the
 * first error only, and TLS often has a second one, such as an alert after a reset; that would end the process.
 */
export function connectorTo({
  host,
  port,
  tls,
}: ConnectorPlace): NonNullable<RedisOptions["Connector"]> {
  const name = isIP(host) === 0 ? { servername: host } : {};
  return class Connector extends AbstractConnector {
    constructor() {
      super(DISCONNECT_MS);
    }

    override async connect() {
      this.connecting = true;
      const stream =
        tls === undefined
          ? connectPlain({ host, port })
          : connectTls({ host, port, ...name, ...tls });
      this.stream = stream;
      stream.on("error", (error) => {
        this.firstError ??= error;
      });
      return stream;
    }
  };
}
