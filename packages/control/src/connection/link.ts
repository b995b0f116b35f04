import { isIP } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type TlsBytes, tlsClientOptions, tlsProblem, within } from "@nightbeam/service";
import { codeOf, type Log, reasonOf } from "@nightbeam/service/log";
import { connect, ErrorCode, type NatsConnection, NatsError } from "nats";
import type { ControlTiming } from "../timing.js";
import { checkServer } from "./answers.js";
import type { NatsCredentials } from "./credentials.js";
import type { NatsServers } from "./servers.js";

/** The part of a log that this package uses. */
export type ControlLog = Pick<Log, "debug" | "info" | "warn">;

/** A user of the connection, called when it changes. */
export interface Follower {
  /** Called with every new connection. Subscriptions of the previous one are gone. */
  up(connection: NatsConnection): void;
  /** Called when the connection is lost; `up` follows with a new one. */
  down?(): void;
}

export interface LinkOptions {
  readonly servers: NatsServers;
  /** From a file; those in the addresses are in `servers`. */
  readonly credentials?: NatsCredentials | undefined;
  /** The authority of the servers' certificates, and the certificate that they may require. */
  readonly tls?: TlsBytes | undefined;
  readonly name: string;
  readonly log: ControlLog;
  readonly timing: ControlTiming;
}

export type LinkState = "connecting" | "connected" | "closed";

const NEXT: Readonly<Record<LinkState, readonly LinkState[]>> = {
  connecting: ["connected", "closed"],
  connected: ["connecting", "closed"],
  closed: [],
};

/**
 * A connection to NATS that reconnects until it is closed.
 *
 * States: `connecting` <-> `connected`, and from both to `closed`. `#move` is the only transition.
 *
 * Every connection is a new client. The client's own reconnection is off: it cannot be cancelled before the
 * first success, and it leaks a socket per attempt at a server that stays silent.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #followers = new Set<Follower>();
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  #state: LinkState = "connecting";
  #connection: NatsConnection | undefined;
  /** The reason that was logged last, so that a long outage is one line. */
  #logged: string | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#loop = this.#run();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Why there is no connection, as far as it is known. */
  get problem(): string | undefined {
    return this.#logged;
  }

  /** Aborted when the link is closed. */
  get closing(): AbortSignal {
    return this.#stop.signal;
  }

  /** The current connection, if there is one. */
  get connection(): NatsConnection | undefined {
    return this.#connection;
  }

  /** Calls the follower with the current connection, if there is one, and with all later ones. @returns what ends it */
  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    if (this.#connection !== undefined) follower.up(this.#connection);
    return () => this.#followers.delete(follower);
  }

  /** Sends what is buffered, for at most `closeMs`, and closes the connection. */
  async close(): Promise<void> {
    const connection = this.#connection;
    if (!this.#move("closed")) return this.#loop;
    this.#stop.abort();
    if (connection !== undefined) {
      // If the server is lost meanwhile, a drain never ends.
      const drained = Promise.race([connection.drain(), connection.closed()]);
      await within(drained, { ms: this.#options.timing.closeMs });
      await connection.close();
    }
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (this.#state !== "closed") {
      const connection = await this.#connect();
      if (connection === undefined) continue;
      if (!this.#move("connected", connection)) {
        await connection.close();
        return;
      }
      void this.#logErrors(connection);
      await connection.closed();
      // Also pause before asking a server again that accepted the connection and dropped it.
      if (this.#move("connecting")) await this.#pause();
    }
  }

  /** Tries every server once, and pauses if none accepted. */
  async #connect(): Promise<NatsConnection | undefined> {
    const { servers, timing } = this.#options;
    const { signal } = this.#stop;
    const reasons: string[] = [];
    for (const { host, port } of shuffled(servers.hosts)) {
      const place = `${host.includes(":") ? `[${host}]` : host}:${port}`;
      let reason = await checkServer({ host, port, timeoutMs: timing.connectMs, signal });
      if (signal.aborted) return undefined;
      if (reason === undefined) {
        try {
          return await connect(this.#clientOptions({ place, host }));
        } catch (error) {
          reason = this.#problemOf(error);
        }
      }
      reasons.push(`${place}: ${reason}`);
    }
    this.#logAway(reasons.sort().join("; "));
    await this.#pause();
    return undefined;
  }

  async #pause(): Promise<void> {
    const pauseMs = this.#options.timing.reconnectMs * (1 + Math.random());
    await sleep(pauseMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  #clientOptions({ place, host }: { readonly place: string; readonly host: string }) {
    const { name, timing, servers, credentials } = this.#options;
    const { user, pass, token } = servers;
    return {
      servers: place,
      name,
      reconnect: false,
      timeout: timing.connectMs,
      pingInterval: timing.pingMs,
      maxPingOut: 2,
      ignoreClusterUpdates: true,
      ...(user === undefined || pass === undefined ? {} : { user, pass }),
      ...(token === undefined ? {} : { token }),
      ...(credentials === undefined ? {} : { authenticator: credentials.authenticator }),
      ...(servers.tls ? { tls: this.#tlsOptions(host) } : {}),
    };
  }

  #tlsOptions(host: string) {
    const { ca, ...own } = tlsClientOptions(this.#options.tls);
    return {
      ...own,
      ...(ca === undefined ? {} : { ca: ca.join("\n") }),
      // The client names a server by its name only, and Node would then check an address as "localhost".
      ...(isIP(host) === 0 ? {} : { host }),
    };
  }

  /** Why a server was left, with the file or setting to change. */
  #problemOf(error: unknown): string {
    const { tls, credentials, servers } = this.#options;
    const cause = error instanceof NatsError ? (error.chainedError ?? error) : error;
    const problem = tlsProblem(cause, { tls, server: "NATS" });
    if (problem !== undefined) return problem;
    // The reset may overtake the alert that says why.
    if (servers.tls && codeOf(cause) === "ECONNRESET") {
      const cert = tls?.paths.cert;
      return cert === undefined
        ? "NATS has ended the TLS connection: it requires a client certificate, or is stopping. Give one with --tls-cert and --tls-key."
        : `NATS has ended the TLS connection: it refuses the certificate --tls-cert ${cert}, or is stopping.`;
    }
    if (error instanceof NatsError && AUTHORIZATION.has(error.code)) {
      return credentials === undefined
        ? "NATS refuses the user and password of its address, or requires credentials: correct NIGHTBEAM_NATS_URL, or give --nats-creds or --nats-nkey."
        : `NATS refuses the credentials ${credentials.file.name} ${credentials.file.path}: check that its configuration has this user.`;
    }
    if (
      error instanceof NatsError &&
      error.code === ErrorCode.ServerOptionNotAvailable &&
      servers.tls
    ) {
      return "NATS does not speak TLS: write nats:// instead of tls://, or configure TLS in the server.";
    }
    return reasonOf(error);
  }

  #move(to: LinkState, connection?: NatsConnection): boolean {
    if (!NEXT[this.#state].includes(to)) return false;
    const wasConnected = this.#state === "connected";
    this.#state = to;
    this.#connection = connection;
    if (connection !== undefined) {
      this.#logged = undefined;
      this.#options.log.info({ server: connection.getServer() }, "connected to NATS");
      for (const follower of [...this.#followers]) follower.up(connection);
    } else if (wasConnected) {
      if (to === "connecting") this.#options.log.warn({}, "lost the NATS connection; reconnecting");
      for (const follower of [...this.#followers]) follower.down?.();
    }
    return true;
  }

  #logAway(reason: string): void {
    if (reason === this.#logged || this.#state === "closed") return;
    this.#logged = reason;
    this.#options.log.warn({ reason }, "cannot reach NATS; retrying");
  }

  /** Logs errors that no call waits for, mostly a subject without permission. */
  async #logErrors(connection: NatsConnection): Promise<void> {
    for await (const { type, data, permissionContext } of connection.status()) {
      if (type !== "error") continue;
      this.#options.log.warn({ code: data, ...permissionContext }, "NATS reported an error");
    }
  }
}

const AUTHORIZATION: ReadonlySet<string> = new Set([
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AuthenticationTimeout,
  ErrorCode.AccountExpired,
  ErrorCode.BadAuthentication,
  ErrorCode.BadCreds,
]);

/** A random order, so that nodes that lost one server do not all go to the same next one. */
function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}
