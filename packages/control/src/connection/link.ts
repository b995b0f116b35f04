import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "@nightbeam/service/log";
import { connect, type NatsConnection } from "nats";
import type { ControlLog } from "../log.js";
import type { ControlTiming } from "../timing.js";
import { whyNoAnswer } from "./answers.js";
import type { NatsServers } from "./servers.js";
import { within } from "./within.js";

/** Somebody who uses the connection, and is told of every new one. */
export interface Follower {
  /** A connection is there. What was subscribed on an earlier one is gone. */
  up(connection: NatsConnection): void;
  /** It is lost; the next `up` has another. */
  down?(): void;
}

export interface LinkOptions {
  readonly servers: NatsServers;
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
 * A connection to NATS that is made again for ever.
 *
 * Its life: `connecting` <-> `connected`, and from both to `closed`. `#move` is the only transition.
 *
 * Every connection is a client of its own, without the client's way of reconnecting: that one cannot be
 * given up before the first success, and keeps a socket for each try at a server that stays silent.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #followers = new Set<Follower>();
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  #state: LinkState = "connecting";
  #connection: NatsConnection | undefined;
  /** Why NATS was away when it was last logged, so that a long night makes one line. */
  #logged: string | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#loop = this.#run();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Aborted when the link is closed. */
  get closing(): AbortSignal {
    return this.#stop.signal;
  }

  /** The connection, while there is one. */
  get connection(): NatsConnection | undefined {
    return this.#connection;
  }

  /** Tells of the present connection, if there is one, and of all later ones. @returns what ends it */
  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    if (this.#connection !== undefined) follower.up(this.#connection);
    return () => this.#followers.delete(follower);
  }

  /** Lets what is on its way leave, for at most `closeMs`, and ends the connection. */
  async close(): Promise<void> {
    const connection = this.#connection;
    if (!this.#move("closed")) return this.#loop;
    this.#stop.abort();
    if (connection !== undefined) {
      // A drain waits for ever for a server that went away meanwhile.
      const drained = Promise.race([connection.drain(), connection.closed()]);
      await within(drained, this.#options.timing.closeMs);
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
      // A server that takes us and drops us shall not be asked without a pause either.
      if (this.#move("connecting")) await this.#pause();
    }
  }

  /** One round over the servers, and a pause if none took us. */
  async #connect(): Promise<NatsConnection | undefined> {
    const { servers, timing } = this.#options;
    const { signal } = this.#stop;
    const reasons: string[] = [];
    for (const { host, port } of shuffled(servers.hosts)) {
      const place = `${host.includes(":") ? `[${host}]` : host}:${port}`;
      const asked = { host, port, timeoutMs: timing.connectMs, signal };
      let reason = await whyNoAnswer(asked);
      if (signal.aborted) return undefined;
      if (reason === undefined) {
        try {
          return await connect(this.#clientOptions(place));
        } catch (error) {
          reason = reasonOf(error);
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

  #clientOptions(place: string) {
    const { name, timing, servers } = this.#options;
    const { user, pass, token, tls } = servers;
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
      ...(tls ? { tls: {} } : {}),
    };
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
      if (to === "connecting") this.#options.log.warn({}, "lost NATS; connecting again for ever");
      for (const follower of [...this.#followers]) follower.down?.();
    }
    return true;
  }

  #logAway(reason: string): void {
    if (reason === this.#logged || this.#state === "closed") return;
    this.#logged = reason;
    this.#options.log.warn({ reason }, "NATS is away; trying again for ever");
  }

  /** What the server complains about and no caller waits for: a subject without permission, mostly. */
  async #logErrors(connection: NatsConnection): Promise<void> {
    for await (const { type, data, permissionContext } of connection.status()) {
      if (type !== "error") continue;
      this.#options.log.warn({ code: data, ...permissionContext }, "NATS reports an error");
    }
  }
}

/** Nodes that lost one server shall not all go to the same next. */
function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}
