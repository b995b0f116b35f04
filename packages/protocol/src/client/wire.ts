import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  connectivityState,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";

import { TRACEPARENT } from "../metadata.js";

/** What happens to a connection. */
export type WireEvent = "connected" | "failed" | "lost";

/**
 * One HTTP/2 connection to one verifier. It reports what happens to it and decides nothing; after
 * `failed`, close it and open another one.
 */
export class Wire {
  readonly #client: Client;
  readonly #report: (event: WireEvent) => void;
  readonly #traceparent: () => string | undefined;
  #ready = false;
  #closed = false;

  constructor(options: {
    readonly address: string;
    readonly credentials: ChannelCredentials;
    readonly channelOptions: ClientOptions;
    readonly report: (event: WireEvent) => void;
    /** The span of the call that is about to be sent. */
    readonly traceparent: () => string | undefined;
  }) {
    this.#report = options.report;
    this.#traceparent = options.traceparent;
    this.#client = new Client(options.address, options.credentials, {
      ...options.channelOptions,
      // Connections are never shared between links, so that closing one really closes it.
      "grpc.use_local_subchannel_pool": 1,
      // Retries are made by the client, on another verifier: a channel knows only one, and does not
      // repeat requests of more than 1 MB.
      "grpc.enable_retries": 0,
    });
    this.#watch();
  }

  get ready(): boolean {
    return this.#ready;
  }

  /**
   * Sends a request to a method.
   *
   * @throws ServiceError
   */
  call(
    path: string,
    request: Buffer,
    options: { readonly deadline: number; readonly signal: AbortSignal },
  ): Promise<Buffer> {
    const { deadline, signal } = options;
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        same,
        same,
        request,
        this.#metadata(),
        { deadline },
        (error: ServiceError | null, response?: Buffer) => {
          signal.removeEventListener("abort", cancel);
          if (error === null && response !== undefined) resolve(response);
          else reject(error);
        },
      );
      const cancel = () => call.cancel();
      signal.addEventListener("abort", cancel, { once: true });
    });
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    const traceparent = this.#traceparent();
    if (traceparent !== undefined) metadata.set(TRACEPARENT, traceparent);
    return metadata;
  }

  close(): void {
    this.#closed = true;
    this.#ready = false;
    this.#client.close();
  }

  /** Checks the connection now and at every change; an idle one starts to connect. */
  #watch(): void {
    if (this.#closed) return;
    const channel = this.#client.getChannel();
    const state = channel.getConnectivityState(true);
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => this.#watch());
    const was = this.#ready;
    this.#ready = state === connectivityState.READY;
    if (this.#ready && !was) this.#notify("connected");
    else if (state === connectivityState.TRANSIENT_FAILURE) this.#notify("failed");
    else if (was && !this.#ready) this.#notify("lost");
  }

  /** Reports after the library's own call has returned, and never after `close`. */
  #notify(event: WireEvent): void {
    queueMicrotask(() => {
      if (!this.#closed) this.#report(event);
    });
  }
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
