import { connect, createServer, type Socket } from "node:net";

/** A proxy that can break connections, and accept ones that never get an answer. */
export interface WaywardProxy {
  readonly port: number;
  /** Breaks all connections; the next ones, up to `silent`, are accepted and never answered. */
  cut(silent: number): void;
  close(): Promise<void>;
}

export async function startProxy(target: number): Promise<WaywardProxy> {
  const sockets = new Set<Socket>();
  let silent = 0;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
  };
  const server = createServer((client) => {
    keep(client);
    if (silent > 0) {
      silent--;
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    keep(upstream);
    client.pipe(upstream).pipe(client);
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const end = () => {
    for (const socket of [...sockets]) socket.destroy();
  };
  return {
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    cut: (next) => {
      silent = next;
      end();
    },
    close: async () => {
      end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
