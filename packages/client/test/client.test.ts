import { createServer, type IncomingMessage, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { openClient } from "../src/index.js";

const ANSWER = {
  items: [{ item: "a", score: -1, logProb: -1 }],
  source: "computed",
  skippedItems: 0,
  timing: { queueMs: 0, computeMs: 1 },
};

interface Scripted {
  readonly status: number;
  readonly body: object | string;
}

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server that answers as scripted, the last answer again and again; `wait` does not answer. */
async function serve(script: readonly (Scripted | "wait")[]) {
  const received: { headers: IncomingMessage["headers"]; body: unknown }[] = [];
  server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    received.push({ headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
    const next = script[Math.min(received.length, script.length) - 1];
    if (next === undefined || next === "wait") return;
    const text = typeof next.body === "string" ? next.body : JSON.stringify(next.body);
    response.writeHead(next.status).end(text);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, received };
}

const ok = { status: 200, body: ANSWER };
const busy = { status: 429, body: { code: "BUSY", message: "busy", retryAfterMs: 5 } };

describe("a client", () => {
  it("sends the request, the token and the time that is left", async () => {
    const { url, received } = await serve([ok]);
    const client = openClient({ url, token: "secret", deadlineMs: 5_000 });
    expect(await client.recommend({ user: "u", exclude: ["x"] })).toEqual(ANSWER);
    expect(received[0]?.headers.authorization).toBe("Bearer secret");
    expect(received[0]?.body).toMatchObject({ user: "u", exclude: ["x"] });
  });

  it("retries while the server is busy, draining or broken, with less time each", async () => {
    const draining = { status: 503, body: { code: "DRAINING", message: "going" } };
    const { url, received } = await serve([busy, draining, { status: 502, body: "<html>" }, ok]);
    const client = openClient({ url, deadlineMs: 5_000 });
    expect(await client.recommend({ user: "u" })).toEqual(ANSWER);
    const left = received.map(({ body }) => Number(Reflect.get(Object(body), "deadlineMs")));
    expect(left).toHaveLength(4);
    expect(left).toEqual(left.toSorted((a, b) => b - a));
  });

  it("gives up after its retries, and if the pause is longer than the time", async () => {
    const { url, received } = await serve([busy]);
    const failed = openClient({ url, maxRetries: 2 }).recommend({ user: "u" });
    await expect(failed).rejects.toMatchObject({
      name: "ClientError",
      code: "BUSY",
      message: "busy",
    });
    expect(received).toHaveLength(3);
    const patient = { ...busy, body: { ...busy.body, retryAfterMs: 60_000 } };
    const other = await serve([patient]);
    await expect(openClient(other).recommend({ user: "u" })).rejects.toMatchObject({
      code: "BUSY",
    });
    expect(other.received).toHaveLength(1);
  });

  it.each([
    [400, { code: "BAD_REQUEST", message: "m" }, { code: "BAD_REQUEST" }],
    [401, { code: "UNAUTHORIZED", message: "m" }, { code: "UNAUTHORIZED" }],
    [404, { code: "UNKNOWN_USER", message: "m" }, { code: "UNKNOWN_USER" }],
    [404, "<html>", { code: "BAD_ANSWER" }],
    [
      422,
      { code: "REJECTED", message: "m", reason: "unknown_item" },
      { code: "REJECTED", reason: "unknown_item" },
    ],
    [504, { code: "DEADLINE", message: "m" }, { code: "DEADLINE" }],
    [200, { items: "none" }, { code: "BAD_ANSWER" }],
  ])("does not retry %i %j", async (status, body, expected) => {
    const { url, received } = await serve([{ status, body }]);
    await expect(openClient({ url }).recommend({ user: "u" })).rejects.toMatchObject(expected);
    expect(received).toHaveLength(1);
  });

  it("ends at its deadline, and with the caller's signal", async () => {
    const { url } = await serve(["wait"]);
    const client = openClient({ url });
    const late = client.recommend({ user: "u", deadlineMs: 30 });
    await expect(late).rejects.toMatchObject({ code: "DEADLINE" });
    const controller = new AbortController();
    const cancelled = client.recommend({ user: "u" }, { signal: controller.signal });
    controller.abort(new Error("gone"));
    await expect(cancelled).rejects.toThrow("gone");
  });

  it("says that a server cannot be reached, and that a url is none", async () => {
    const { url } = await serve([ok]);
    server?.close();
    const failed = openClient({ url, maxRetries: 0 }).recommend({ user: "u" });
    await expect(failed).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(failed).rejects.toThrow(`${url}/v1/recommendations cannot be reached`);
    expect(() => openClient({ url: "localhost" })).toThrow(
      "url localhost: give one such as http://",
    );
  });
});
