import { type Clock, within } from "@nightbeam/service";
import type { Closers, Service } from "@nightbeam/service/lifecycle";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { MicroBatcher } from "./batching/micro-batcher.js";
import { ServerError } from "./errors.js";

/** A server that takes requests. */
export interface RunningServer extends Service {
  /** http://host:port */
  readonly url: string;
  /** grpc://host:port; undefined if gRPC is not served. */
  readonly grpcUrl: string | undefined;
}

export interface ServerParts extends Pick<RunningServer, "url" | "grpcUrl"> {
  /** What clients connect to. Closing one waits for its requests in progress. */
  readonly servers: readonly { close(graceMs: number): Promise<void> }[];
  readonly batcher: Pick<MicroBatcher, "waiting" | "running" | "refuse" | "close">;
  readonly closers: Closers;
  readonly clock: Clock;
  readonly log: Log;
  readonly graceMs: number;
}

/** How long answers may take to be sent. */
const CLOSE_MS = 1_000;

/** `#move` is the only transition. */
type State = "serving" | "draining" | "closed";

const NEXT: Readonly<Record<State, readonly State[]>> = {
  serving: ["draining"],
  draining: ["closed"],
  closed: [],
};

/** The life of a server from serving to closed. */
export class ServerService implements RunningServer {
  readonly url: string;
  readonly grpcUrl: string | undefined;
  readonly finished: Promise<number>;
  readonly #parts: ServerParts;
  #finish: (exitCode: number) => void = () => undefined;
  #state: State = "serving";

  constructor(parts: ServerParts) {
    this.url = parts.url;
    this.grpcUrl = parts.grpcUrl;
    this.#parts = parts;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get isDraining(): boolean {
    return this.#state !== "serving";
  }

  drain(why: string): void {
    if (this.#move("draining")) void this.#close(why);
  }

  /** Never rejects. */
  async #close(why: string): Promise<void> {
    const { batcher, clock, closers, graceMs, log, servers } = this.#parts;
    const startedAt = clock.now();
    const { waiting, running } = batcher;
    log.info({ why, graceMs, waiting, running }, "draining: no more requests are taken");
    const gone = new ServerError("DRAINING", "The server is shutting down: ask another one.");
    // Servers still answer, so that a request on its way is refused with a reason instead of a broken connection.
    await within(batcher.refuse(gone), { ms: graceMs, clock });
    try {
      await Promise.all(servers.map((server) => server.close(CLOSE_MS)));
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, "the server did not close");
    }
    batcher.close(gone);
    await closers.close();
    this.#move("closed");
    log.info({ why, drainMs: Math.round(clock.now() - startedAt) }, "server has stopped");
    this.#finish(0);
  }

  #move(to: State): boolean {
    const possible = NEXT[this.#state].includes(to);
    if (possible) this.#state = to;
    return possible;
  }
}
