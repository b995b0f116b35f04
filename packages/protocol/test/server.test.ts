import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../src/errors.js";
import { VerifyRequest } from "../src/generated/nightbeam/verifier/v1/verifier.js";
import { cluster, trie } from "./support/cluster.js";
import { hang } from "./support/fake-handler.js";
import { request, until } from "./support/job.js";
import { packed } from "./support/packed.js";
import { rawClient } from "./support/raw-client.js";

const { verifier, defer } = cluster();

async function served(options: Parameters<typeof verifier>[1] = {}) {
  const made = await verifier("a", options);
  const client = rawClient(made.server.port);
  defer(async () => client.close());
  return { ...made, client };
}

describe("a served verifier", () => {
  it("refuses bad calls by name while others' calls are answered", async () => {
    const { handler, client } = await served({ limits: { vocabulary: 1000, users: 3 } });
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    handler.instead = async (_, answer) => {
      await gate;
      return answer();
    };
    const good = client.verify(packed(trie, [request(1)]));
    await until(() => handler.calls.length === 1);

    const bad = packed(trie, [request(1), request(2)]);
    bad.codes[1] = 77;
    const unknown = packed(trie, [request(5_000)]);
    const many = packed(
      trie,
      [1, 2, 3, 4].map((key) => request(key)),
    );
    const answers = await Promise.all([
      client.verify(bad),
      client.verify(unknown),
      client.verify(many),
      client.send(Uint8Array.of(0x2a, 0xff, 0xff)),
      client.send(new Uint8Array(12_000_000)),
      client.send(new Uint8Array(), {}),
    ]);
    const { INVALID_ARGUMENT, RESOURCE_EXHAUSTED } = status;
    expect(answers.map(({ code }) => code)).toEqual(
      [0, 1, 2, 3, 4, 5].map((at) => (at === 4 ? RESOURCE_EXHAUSTED : INVALID_ARGUMENT)),
    );
    expect(answers.map(({ details }) => details)).toEqual([
      expect.stringContaining("user 0: entry 1 of the tree has code 77"),
      expect.stringContaining("user 0: token 0 of the prompt is 5001"),
      expect.stringContaining("4 users"),
      expect.stringContaining("not a VerifyRequest"),
      expect.stringContaining("larger than max (12000000 vs"),
      expect.stringContaining("no deadline"),
    ]);
    release();
    expect((await good).code).toBe(status.OK);
    expect(handler.calls).toHaveLength(1);
  });

  it("names its model if another one is asked for", async () => {
    const { client } = await served();
    const message = packed(trie, [request(1)]);
    const other = { ...message, target: new Uint8Array(32), scoring: 2 as const };
    const { code, details } = await client.verify(other);
    expect(code).toBe(status.FAILED_PRECONDITION);
    expect(details).toContain(`target ${"ab".repeat(32)}, not ${"00".repeat(32)}`);
    expect(details).toContain("scoring full, not renormalized");
    expect((await client.verify({ ...message, catalogue: new Uint8Array() })).details).toContain(
      "catalogue 0c",
    );
  });

  it("reports what its handler throws", async () => {
    const { handler, client } = await served();
    const thrown = async (error: Error) => {
      handler.instead = () => Promise.reject(error);
      return client.verify(packed(trie, [request(1)]));
    };
    const busy = await thrown(new ProtocolError("BUSY", "full", { retryAfterMs: 30.2 }));
    expect(busy.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(busy.metadata.get("retry-after-ms")).toEqual(["31"]);
    expect(busy.metadata.get("grpc-retry-pushback-ms")).toEqual(["31"]);
    expect((await thrown(new ProtocolError("DRAINING", ""))).code).toBe(status.UNAVAILABLE);
    const broken = await thrown(new Error("the thread died\nat length"));
    expect(broken).toMatchObject({
      code: status.INTERNAL,
      details: "the verifier failed: the thread died",
    });
    handler.instead = async (_, answer) => ({ ...answer(), answers: [] });
    expect((await client.verify(packed(trie, [request(1)]))).code).toBe(status.INTERNAL);
  });

  it("refuses what it could not send back", async () => {
    const { client } = await served({ limits: { messageBytes: 1_100 } });
    expect((await client.verify(packed(trie, [request(1, [1])]))).code).toBe(status.OK);
    const { code, details } = await client.verify(packed(trie, [request(1)]));
    expect(code).toBe(status.INVALID_ARGUMENT);
    expect(details).toContain("send fewer users");
  });

  it("is notified of a cancelled call and a passed deadline", async () => {
    const { handler, server, client } = await served();
    handler.instead = hang;
    const cancelling = new AbortController();
    const bytes = VerifyRequest.encode(packed(trie, [request(1)])).finish();
    const cancelled = client.send(bytes, {
      deadline: Date.now() + 9_000,
      signal: cancelling.signal,
    });
    await until(() => handler.calls.length === 1);
    expect(server.openCalls).toBe(1);
    cancelling.abort();
    expect((await cancelled).code).toBe(status.CANCELLED);
    await until(() => server.openCalls === 0);
    expect(handler.calls[0]?.signal.reason).toMatchObject({ code: "CANCELLED" });

    const deadline = Date.now() + 150;
    expect((await client.send(bytes, { deadline })).code).toBe(status.DEADLINE_EXCEEDED);
    await until(() => server.openCalls === 0);
    const [, late] = handler.calls;
    expect(late?.signal.reason).toMatchObject({ code: "DEADLINE" });
    expect(Math.abs((late?.deadline ?? 0) - deadline)).toBeLessThan(100);
  });

  it("describes itself", async () => {
    const { client, handler } = await served({ limits: { vocabulary: 1000 } });
    handler.waitingTokens = 9;
    const described = await new Promise((resolve, reject) => {
      client.stub.describe({}, (error, response) => (error ? reject(error) : resolve(response)));
    });
    expect(described).toMatchObject({
      scoring: 1,
      precision: "fake",
      cost: { callMs: 3, tokenMs: 0.25 },
      programs: [
        { program: 1, cost: { callMs: 3, tokenMs: 0.25 } },
        { program: 2, cost: { callMs: 4, tokenMs: 0.5 } },
        { program: 3, cost: undefined },
      ],
      load: { waitingTokens: 9, runningTokens: 0 },
      draining: false,
      limits: {
        vocabulary: 1000,
        messageBytes: 64 * 2 ** 20,
        beamWidth: 1000,
        closedPaths: 65_536,
      },
    });
  });

  it("names a port that is in use", async () => {
    const { server } = await served();
    await expect(verifier("b", { port: server.port })).rejects.toMatchObject({
      code: "BAD_OPTION",
      message: expect.stringContaining(`127.0.0.1:${server.port}`),
    });
  });
});
