import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import type { StreamLimits } from "./stream-limits.js";

/** What a connection holds. */
export interface Connection {
  /** Calls in progress. */
  streams: number;
  /** Bytes of requests that are not complete. */
  bytes: number;
  /** When its last call ended, or when it was opened. */
  idleSince: number;
  /** Closes it when it has been idle for too long. */
  timer: NodeJS.Timeout | undefined;
}

/** The connections of a server: closes those that say nothing, are idle for long, or are too many. */
export class Connections {
  readonly #limits: StreamLimits;
  readonly #open = new Map<Http2Session, Connection>();
  /** Sockets without a session, by peer: with TLS, a session has a socket of its own. */
  readonly #handshakes = new Map<string, NodeJS.Timeout>();

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  get(session: Http2Session | undefined): Connection | undefined {
    return session === undefined ? undefined : this.#open.get(session);
  }

  /** A socket was accepted; with TLS, its handshake follows. */
  opened(socket: Socket): void {
    const peer = peerOf(socket);
    const timer = setTimeout(() => socket.destroy(), this.#limits.silentMs);
    this.#handshakes.set(peer, timer);
    socket.once("close", () => {
      clearTimeout(timer);
      if (this.#handshakes.get(peer) === timer) this.#handshakes.delete(peer);
    });
  }

  /** An HTTP/2 session began; with TLS, after the handshake. */
  began(session: Http2Session): void {
    const connection = { streams: 0, bytes: 0, idleSince: performance.now(), timer: undefined };
    this.#open.set(session, connection);
    clearTimeout(this.#handshakes.get(peerOf(session.socket)));
    session.on("error", () => undefined);
    const timer = setTimeout(() => session.destroy(), this.#limits.silentMs);
    // The first thing that an HTTP/2 client says.
    session.once("remoteSettings", () => {
      clearTimeout(timer);
      this.#awaitCall(session, connection);
    });
    session.once("close", () => {
      clearTimeout(timer);
      clearTimeout(this.#open.get(session)?.timer);
      this.#open.delete(session);
    });
    if (this.#open.size > this.#limits.connections) this.#closeIdlest(session);
  }

  streamOpened(session: Http2Session | undefined): Connection {
    const connection = this.get(session) ?? {
      ...{ streams: 0, bytes: 0, idleSince: performance.now(), timer: undefined },
    };
    clearTimeout(connection.timer);
    return connection;
  }

  streamClosed(session: Http2Session | undefined, connection: Connection): void {
    connection.idleSince = performance.now();
    if (connection.streams === 0 && session !== undefined) this.#awaitCall(session, connection);
  }

  /** Closes a connection that has no call for too long; a client that needs it connects again. */
  #awaitCall(session: Http2Session, connection: Connection): void {
    clearTimeout(connection.timer);
    if (session.destroyed || connection.streams > 0) return;
    connection.timer = setTimeout(() => session.close(), this.#limits.idleMs);
    connection.timer.unref();
  }

  /** Makes room for a new connection: closes the one that has had no call for longest, else the new one. */
  #closeIdlest(newest: Http2Session): void {
    let idlest = newest;
    let since = Number.POSITIVE_INFINITY;
    for (const [session, { streams, idleSince }] of this.#open) {
      if (session === newest || streams > 0 || idleSince >= since) continue;
      [idlest, since] = [session, idleSince];
    }
    idlest.destroy();
  }
}

function peerOf({
  remoteAddress,
  remotePort,
}: Pick<Socket, "remoteAddress" | "remotePort">): string {
  return `${remoteAddress} ${remotePort}`;
}
