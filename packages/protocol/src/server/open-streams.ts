import type { Connection } from "./connections.js";
import type { StreamLimits } from "./stream-limits.js";

/** A call whose request arrives or that is in progress. */
export interface OpenStream {
  readonly connection: Connection;
  /** Bytes of its request so far; 0 once it is complete. */
  bytes: number;
  isComplete: boolean;
  /** Ends it because there is no room. */
  readonly evict: (what: string) => void;
}

/**
 * What the calls of a server hold. Without room, the call that holds most is ended, not the last one that came: so a
 * client that fills the server is in its own way, and small calls of others get through.
 */
export class OpenStreams {
  readonly #limits: StreamLimits;
  readonly #open = new Set<OpenStream>();
  #bytes = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /** Whether a call may begin on a connection; ends one of a busier connection for it if necessary. */
  makeRoom(connection: Connection | undefined): boolean {
    const { streams, streamsPerConnection } = this.#limits;
    if ((connection?.streams ?? 0) >= streamsPerConnection) return false;
    if (this.#open.size < streams) return true;
    const victim = this.#largest(
      (one) => (one.isComplete ? 0 : one.connection.streams),
      connection?.streams ?? 0,
    );
    victim?.evict("too many calls are in progress");
    return victim !== undefined;
  }

  add(stream: OpenStream): void {
    this.#open.add(stream);
    stream.connection.streams++;
  }

  /** More of a request has arrived. */
  received(stream: OpenStream, bytes: number): void {
    stream.bytes += bytes;
    stream.connection.bytes += bytes;
    this.#bytes += bytes;
    if (stream.connection.bytes > this.#limits.bytesPerConnection) {
      const own = (one: OpenStream) => (one.connection === stream.connection ? one.bytes : 0);
      this.#largest(own, 0)?.evict("too many bytes are arriving");
    } else if (this.#bytes > this.#limits.bytes) {
      this.#largest((one) => one.bytes, 0)?.evict("too many bytes are arriving");
    }
  }

  /** Nothing more arrives, and what has arrived is no longer held. */
  complete(stream: OpenStream): void {
    stream.connection.bytes -= stream.bytes;
    this.#bytes -= stream.bytes;
    stream.bytes = 0;
    stream.isComplete = true;
  }

  remove(stream: OpenStream): void {
    if (!this.#open.delete(stream)) return;
    this.complete(stream);
    stream.connection.streams--;
  }

  /** The first call that has most of something, if that is more than `least`. */
  #largest(sizeOf: (stream: OpenStream) => number, least: number): OpenStream | undefined {
    let [largest, size]: [OpenStream | undefined, number] = [undefined, least];
    for (const stream of this.#open) {
      const found = sizeOf(stream);
      if (found > size) [largest, size] = [stream, found];
    }
    return largest;
  }
}
