import { describe, expect, it } from "vitest";
import { serveHealth } from "../src/http/serve-health.js";

const address = { host: "127.0.0.1", port: 0 };

describe("health checks", () => {
  it("answers liveness always, and readiness with the reasons of the moment", async () => {
    let reasons: string[] = [];
    const health = await serveHealth({ address, notReady: () => reasons });
    const get = async (path: string, method = "GET") => {
      const response = await fetch(`${health.url}${path}`, { method });
      return { status: response.status, text: await response.text() };
    };
    expect(await get("/readyz")).toEqual({ status: 200, text: '{"status":"ready"}\n' });
    reasons = ["Redis is away"];
    const answer = await get("/readyz?verbose");
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toEqual({ status: "not ready", reasons });
    expect(await get("/readyz", "HEAD")).toEqual({ status: 503, text: "" });
    expect((await get("/healthz")).status).toBe(200);
    expect((await get("/metrics")).status).toBe(404);
    expect((await get("/readyz", "POST")).status).toBe(405);
    await health.close();
    await expect(get("/healthz")).rejects.toThrow();
  });

  it("names the flag if the port is taken", async () => {
    const first = await serveHealth({ address, notReady: () => [] });
    const port = Number(new URL(first.url).port);
    await expect(
      serveHealth({ address: { ...address, port }, notReady: () => [] }),
    ).rejects.toThrow(/EADDRINUSE.*Use another --health-listen/);
    await first.close();
  });
});
