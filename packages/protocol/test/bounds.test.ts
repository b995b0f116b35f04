import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { cluster, ListDirectory, trie } from "./support/cluster.js";
import { localScorer } from "./support/fake-scorer.js";
import { job, request, until } from "./support/job.js";

const { verifier, client, defer } = cluster();
const local = localScorer(trie);

function session(address: string): ClientHttp2Session {
  const opened = connectHttp2(`http://${address}`);
  opened.on("error", () => undefined);
  defer(async () => opened.destroy());
  return opened;
}

/** Begins a call, and says how it ended. */
function begin(from: ClientHttp2Session, headers: Record<string, string> = {}) {
  const stream = from.request({
    ...{ ":method": "POST", ":path": "/nightbeam.verifier.v1.Verifier/Verify" },
    ...{ te: "trailers", "content-type": "application/grpc", ...headers },
  });
  stream.on("error", () => undefined);
  stream.resume();
  const ended = new Promise<number>((resolve) => {
    let code = -1;
    stream.on("response", (found) => {
      code = Number(found["grpc-status"] ?? code);
    });
    stream.on("close", () => resolve(code));
  });
  return { stream, ended };
}

/** The head of a message of this many bytes, and some of them. */
function part(length: number, bytes: number): Buffer {
  const message = Buffer.alloc(5 + bytes);
  message.writeUInt32BE(length, 1);
  return message;
}

const timed = { "grpc-timeout": "30S" };

describe("a verifier holds little for those who do not call it in earnest:", () => {
  it("compressed messages and calls without a deadline are refused before they arrive", async () => {
    const { endpoint } = await verifier("a");
    const from = session(endpoint.address);
    const bomb = gzipSync(Buffer.alloc(1_000_000));
    const compressed = begin(from, { ...timed, "grpc-encoding": "gzip" });
    compressed.stream.end(Buffer.concat([Buffer.of(1), part(bomb.length, 0).subarray(1), bomb]));
    expect(await compressed.ended).toBe(status.UNIMPLEMENTED);
    expect(await begin(from).ended).toBe(status.INVALID_ARGUMENT);
    const large = begin(from, timed);
    large.stream.write(part(60_000_000, 1_000));
    expect(await large.ended).toBe(status.RESOURCE_EXHAUSTED);
  });

  it("requests that do not arrive are ended, though their deadline is far away", async () => {
    const { endpoint } = await verifier("a", { streamLimits: { requestMs: 100 } });
    const calls = Array.from({ length: 50 }, () => begin(session(endpoint.address), timed));
    for (const { stream } of calls.slice(20)) stream.write(part(1_000, 10));
    const ends = await Promise.all(calls.map(({ ended }) => ended));
    expect(new Set(ends)).toEqual(new Set([status.DEADLINE_EXCEEDED]));
  });

  it("what holds most is ended first, so that small calls get through", async () => {
    const streamLimits = { bytes: 40_000, bytesPerConnection: 20_000, streams: 20 };
    const { endpoint } = await verifier("a", { streamLimits });
    const filling = Array.from({ length: 5 }, () => begin(session(endpoint.address), timed));
    for (const { stream } of filling) stream.write(part(100_000, 15_000));
    const many = session(endpoint.address);
    for (let at = 0; at < 30; at++) begin(many, timed);
    const scorer = client(new ListDirectory([endpoint])).scorer(job());
    for (let key = 0; key < 5; key++) {
      expect(await scorer.score([request(key)])).toEqual(await local.score([request(key)]));
    }
    const ends = await Promise.race([
      Promise.all(filling.slice(0, 3).map(({ ended }) => ended)),
      Promise.any(filling.map(async ({ ended }) => [await ended])),
    ]);
    expect(ends).toContain(status.RESOURCE_EXHAUSTED);
  });

  it("connections that say nothing are closed, and the idlest if there are too many", async () => {
    const streamLimits = { silentMs: 100, connections: 8 };
    const { endpoint } = await verifier("a", { streamLimits });
    const [host, port] = endpoint.address.split(":");
    let open = 0;
    for (let at = 0; at < 20; at++) {
      const socket = connect(Number(port), host);
      socket.on("connect", () => open++);
      socket.on("error", () => undefined);
      socket.on("close", () => open--);
      socket.resume();
      defer(async () => void socket.destroy());
    }
    const scorer = client(new ListDirectory([endpoint])).scorer(job());
    expect(await scorer.score([request(1)])).toHaveLength(1);
    const idle = Array.from({ length: 12 }, () => session(endpoint.address));
    expect(await scorer.score([request(2)])).toHaveLength(1);
    await until(() => open === 0 && idle.filter(({ destroyed }) => !destroyed).length <= 8);
    expect(await scorer.score([request(3)])).toHaveLength(1);
  });
});
