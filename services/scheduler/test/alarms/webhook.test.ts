import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AlarmEvent } from "@nightbeam/api";
import { silentLog } from "@nightbeam/service/log";
import { until } from "@nightbeam/testing";
import { afterEach, describe, expect, it } from "vitest";
import { signedHeaders } from "../../src/alarms/signature.js";
import { openWebhook, type Webhook } from "../../src/alarms/webhook.js";
import { systemWallClock } from "../../src/clock.js";

describe("the webhook of alarms", () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  it("signs the example of Standard Webhooks as the specification does", () => {
    const headers = signedHeaders({
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      at: 1_614_265_330_000,
      body: '{"test": 2432232314}',
      secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    });
    expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    expect(signedHeaders({ id: "a", at: 0, body: "", secret: undefined })).toEqual({
      "webhook-id": "a",
      "webhook-timestamp": "0",
    });
  });

  it("sends each event until it is taken, in order, with the same id and a signature", async () => {
    const answers = [503, 500, 200, 200];
    const { url, taken } = await receiver(() => answers.shift() ?? 200);
    const secret = "a secret of some length";
    const webhook = opened({
      url,
      secret,
      clock: systemWallClock,
      log: silentLog,
      pauseMs: () => 1,
    });
    const marks: string[] = [];
    for (const event of ["raised", "cleared"] as const) {
      webhook.send(alarm(event), {
        isSent: async () => false,
        onSent: () => void marks.push(event),
      });
    }
    expect(webhook.isSending({ id: "0a-1", event: "cleared" })).toBe(true);
    await until("both are taken", () => marks.length === 2);
    expect(taken.map(({ body }) => JSON.parse(body).event)).toEqual([
      ...["raised", "raised", "raised"],
      "cleared",
    ]);
    expect(marks).toEqual(["raised", "cleared"]);
    for (const { headers, body } of taken) {
      const id = `0a-1-${JSON.parse(body).event}`;
      expect(headers["webhook-id"]).toBe(id);
      const signed = `${id}.${headers["webhook-timestamp"]}.${body}`;
      const digest = createHmac("sha256", secret).update(signed).digest("base64");
      expect(headers["webhook-signature"]).toBe(`v1,${digest}`);
    }
  });

  it("does not repeat what another scheduler has sent", async () => {
    const { url, taken } = await receiver(() => 500);
    const webhook = opened({ url, clock: systemWallClock, log: silentLog, pauseMs: () => 1 });
    webhook.send(alarm("raised"), { isSent: async () => true, onSent: () => undefined });
    await until("it has stopped", () => !webhook.isSending({ id: "0a-1", event: "raised" }));
    expect(taken).toHaveLength(1);
  });

  const alarm = (event: AlarmEvent["event"]): AlarmEvent => ({
    ...{ id: "0a-1", kind: "run_stalled", at: "2026-11-21T02:00:00.000Z", message: "no drafter" },
    event,
  });
  const opened = (options: Parameters<typeof openWebhook>[0]): Webhook => {
    const webhook = openWebhook(options);
    closers.push(() => webhook.close());
    return webhook;
  };
  const receiver = async (status: () => number) => {
    const taken: { headers: IncomingHttpHeaders; body: string }[] = [];
    const server = createServer((request, answer) => {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => {
        taken.push({ headers: request.headers, body });
        answer.writeHead(status()).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => server.close());
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    return { url: `http://127.0.0.1:${port}`, taken };
  };
});
