import { createServer, request } from "node:http";

/**
 * Passes requests to a scheduler, but answers `/v1/events` itself: for events that no cluster of a test sends. Interception in
 * the browser would slow down all that is measured there.
 */
export async function proxyWithEvents(
  target: string,
  stream: string,
): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((incoming, answer) => {
    if (incoming.url?.startsWith("/v1/events") === true) {
      answer.writeHead(200, { "content-type": "text/event-stream" });
      answer.write(stream);
      return;
    }
    const { method, headers, url = "/" } = incoming;
    const passed = request(`${target}${url}`, { method, headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
