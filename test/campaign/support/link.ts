import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP link between two nodes, whose behaviour can be changed while it is in use. */
export interface Link {
  readonly port: number;
  /** New connections and data pass after `delayMs`. */
  open(delayMs?: number): void;
  /** Nothing passes, and no connection is closed: packets are lost. */
  silence(): void;
  /** Connections are reset, and new ones are refused. */
  refuse(): void;
  /** Resets all connections once. */
  reset(): void;
  close(): Promise<void>;
}

type Mode =
  | { readonly kind: "open"; readonly delayMs: number }
  | { readonly kind: "silent" }
  | { readonly kind: "refusing" };

/** Chunks that were held back are released in their order. */
const TICK_MS = 10;

/** Starts a link from a free port to another port of 127.0.0.1. */
export async function openLink(to: () => number): Promise<Link> {
  let mode: Mode = { kind: "open", delayMs: 0 };
  const sockets = new Set<Socket>();
  const watched = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
    return socket;
  };
  const pipe = (from: Socket, into: Socket) => {
    const held: { readonly chunk: Buffer; readonly at: number }[] = [];
    let timer: NodeJS.Timeout | undefined;
    const flush = () => {
      timer = undefined;
      while (
        mode.kind === "open" &&
        (held[0]?.at ?? Number.POSITIVE_INFINITY) <= performance.now()
      ) {
        const next = held.shift();
        if (next !== undefined && into.writable) into.write(next.chunk);
      }
      if (held.length > 0 && !into.destroyed) timer = setTimeout(flush, TICK_MS);
    };
    from.on("data", (chunk: Buffer) => {
      held.push({ chunk, at: performance.now() + (mode.kind === "open" ? mode.delayMs : 0) });
      if (timer === undefined) flush();
    });
    from.once("close", () => {
      // Who is cut off does not learn that the other side is gone.
      const end = () => {
        if (mode.kind === "silent") setTimeout(end, TICK_MS).unref();
        else into.destroy();
      };
      end();
    });
  };
  const server = createServer((incoming) => {
    watched(incoming);
    if (mode.kind === "refusing") {
      incoming.resetAndDestroy();
      return;
    }
    const outgoing = watched(connect({ host: "127.0.0.1", port: to() }));
    pipe(incoming, outgoing);
    pipe(outgoing, incoming);
  });
  const reset = () => {
    for (const socket of [...sockets]) socket.resetAndDestroy();
  };
  const port = await portOf(server);
  return {
    port,
    open: (delayMs = 0) => {
      mode = { kind: "open", delayMs };
    },
    silence: () => {
      mode = { kind: "silent" };
    },
    refuse: () => {
      mode = { kind: "refusing" };
      reset();
    },
    reset,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of [...sockets]) socket.destroy();
      await closed;
    },
  };
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
