import { status } from "@grpc/grpc-js";
import { service as Health } from "grpc-health-check";
import { describe, expect, it } from "vitest";
import { cluster, trie } from "./support/cluster.js";
import { hang } from "./support/fake-handler.js";
import { request, until } from "./support/job.js";
import { packed } from "./support/packed.js";
import { rawClient } from "./support/raw-client.js";
import { listServices } from "./support/reflection.js";

const { verifier, defer } = cluster();

async function served() {
  const made = await verifier("a");
  const client = rawClient(made.server.port);
  defer(async () => client.close());
  const health = (name: string) =>
    new Promise<string>((resolve) => {
      const { path, requestSerialize, responseDeserialize } = Health.Check ?? {};
      if (!path || !requestSerialize || !responseDeserialize) throw new Error("no health service");
      client.stub.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { service: name },
        (error, response) => resolve(error ? `error ${error.code}` : statusIn(response)),
      );
    });
  return { ...made, client, health };
}

function statusIn(response: unknown): string {
  const found = typeof response === "object" && response !== null && "status" in response;
  return found ? String(response.status) : "none";
}

describe("a verifier that shuts down", () => {
  it("is not healthy, refuses new calls, finishes its own, and closes", async () => {
    const { handler, server, client, health } = await served();
    expect(await health("")).toBe("SERVING");
    expect(await health("nightbeam.verifier.v1.Verifier")).toBe("SERVING");
    expect(await health("another")).toBe(`error ${status.NOT_FOUND}`);
    let finish: () => void = () => undefined;
    handler.instead = (_, answer) =>
      new Promise((resolve) => {
        finish = () => resolve(answer());
      });
    const underWay = client.verify(packed(trie, [request(1)]));
    await until(() => handler.calls.length === 1);
    const drained = server.drain(10_000);
    expect(await health("")).toBe("NOT_SERVING");
    expect(await health("nightbeam.verifier.v1.Verifier")).toBe("NOT_SERVING");
    expect((await client.verify(packed(trie, [request(2)]))).code).toBe(status.UNAVAILABLE);
    expect(handler.calls).toHaveLength(1);
    finish();
    expect((await underWay).code).toBe(status.OK);
    await drained;
    expect(client.isIdle()).toBe(true);
  });

  it("aborts calls that outlast its grace", async () => {
    const { handler, server, client } = await served();
    handler.instead = hang;
    const underWay = client.verify(packed(trie, [request(1)]));
    await until(() => handler.calls.length === 1);
    await server.drain(30);
    expect((await underWay).code).toBe(status.UNAVAILABLE);
    expect(handler.calls[0]?.signal.reason).toMatchObject({ code: "DRAINING" });
  });

  it("does not wait for a handler that ignores the signal", async () => {
    const { handler, server, client } = await served();
    handler.instead = () => new Promise(() => undefined);
    const underWay = client.verify(packed(trie, [request(1)]));
    await until(() => handler.calls.length === 1);
    await server.close();
    expect((await underWay).code).not.toBe(status.OK);
  });
});

it("reflection lists the services", async () => {
  const { server } = await served();
  const names = await listServices(server.port);
  expect(names).toEqual(
    expect.arrayContaining(["nightbeam.verifier.v1.Verifier", "grpc.health.v1.Health"]),
  );
});
