import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { treeOf } from "@nightbeam/decoding";
import { below, type Random, seeded } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import type { VerifierEndpoint } from "../src/client/directory.js";
import { SearchRequest, VerifyRequest } from "../src/generated/nightbeam/verifier/v1/verifier.js";
import { cluster, ListDirectory, trie } from "./support/cluster.js";
import { localScorer } from "./support/fake-scorer.js";
import { job, request } from "./support/job.js";
import { packed, packedSearch } from "./support/packed.js";

/** Inputs per class: NIGHTBEAM_FUZZ=20000 for a long run. NIGHTBEAM_FUZZ_SEED repeats one. */
const INPUTS = Number(process.env.NIGHTBEAM_FUZZ ?? 100);
const SEED = Number(process.env.NIGHTBEAM_FUZZ_SEED ?? Date.now() % 1e9);
/** An input that is not answered, refused or cut off within this time hangs. */
const HANG_MS = 8_000;

const { verifier, client, defer } = cluster();
const local = localScorer(trie);

const VERIFY = "/nightbeam.verifier.v1.Verifier/Verify";
const PATHS = [
  VERIFY,
  "/nightbeam.verifier.v1.Verifier/Search",
  "/nightbeam.verifier.v1.Verifier/Describe",
  "/grpc.health.v1.Health/Check",
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  "/nightbeam.verifier.v1.Verifier/None",
  "/",
];

/** Statuses that say what is wrong with a request; INTERNAL and UNKNOWN would be faults of the server. */
const REFUSALS = new Set(["0", "3", "4", "5", "8", "9", "12"]);

/** Sends bytes as the body of a call. @returns its status; "cut" if the stream ended without one */
function send(
  session: ClientHttp2Session,
  body: Uint8Array,
  { headers = {}, end = true }: { headers?: Record<string, string>; end?: boolean } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("hangs")), HANG_MS);
    const stream = session.request({
      ...{ ":method": "POST", ":path": VERIFY, te: "trailers" },
      ...{ "content-type": "application/grpc", "grpc-timeout": "5S", ...headers },
    });
    let code = "cut";
    const read = (found: { "grpc-status"?: unknown; ":status"?: unknown }) => {
      if (found["grpc-status"] !== undefined) code = String(found["grpc-status"]);
      else if (found[":status"] !== undefined && found[":status"] !== 200) code = "http";
    };
    stream.on("response", read);
    stream.on("trailers", read);
    stream.on("error", () => undefined);
    stream.on("close", () => {
      clearTimeout(timer);
      resolve(code);
    });
    stream.resume();
    if (end) stream.end(body);
    else stream.write(body);
  });
}

function frame(message: Uint8Array, { flag = 0, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

function randomBytes(random: Random, most: number): Buffer {
  return Buffer.from(Array.from({ length: below(random, most) }, () => below(random, 256)));
}

function goodCall(random: Random): Uint8Array {
  const users = Array.from({ length: 1 + below(random, 3) }, (_, key) => request(key));
  if (below(random, 2) === 0) return VerifyRequest.encode(packed(trie, users)).finish();
  const searches = users.map(({ key, prompt }) => ({ key, prompt, closed: new Uint32Array() }));
  return SearchRequest.encode(packedSearch(trie, searches)).finish();
}

/** Turns, removes, repeats or inserts bytes. */
function mutated(random: Random, bytes: Uint8Array): Buffer {
  let out = Buffer.from(bytes);
  for (let changes = 1 + below(random, 4); changes > 0; changes--) {
    const at = below(random, out.length + 1);
    const kind = below(random, 4);
    if (kind === 0 && at < out.length) out[at] = below(random, 256);
    else if (kind === 1) out = Buffer.concat([out.subarray(0, at), out.subarray(at + 1)]);
    else if (kind === 2) out = Buffer.concat([out.subarray(0, at), out]);
    else out = Buffer.concat([out.subarray(0, at), randomBytes(random, 9), out.subarray(at)]);
  }
  return out;
}

/** Columns of the right shape with absurd values. */
function absurd(random: Random): Uint8Array {
  const values = [0, 1, 2, 255, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
  const some = () => values[below(random, values.length)] ?? 0;
  const column = () => Array.from({ length: below(random, 6) }, some);
  if (below(random, 2) === 0) {
    const call = packed(trie, [request(1), request(2, [])]);
    const columns = [
      "keys",
      "promptLengths",
      "promptTokens",
      "treeSizes",
      "codes",
      "parents",
    ] as const;
    call[columns[below(random, columns.length)] ?? "keys"] = column();
    return VerifyRequest.encode(call).finish();
  }
  const call = packedSearch(trie, [
    { key: 0, prompt: Int32Array.of(1, 2), closed: Uint32Array.of(trie.levelStart[3] ?? 0) },
  ]);
  const columns = [
    "closedForAll",
    "closedSizes",
    "closed",
    "draftedSizes",
    "codes",
    "parents",
  ] as const;
  call[columns[below(random, columns.length)] ?? "codes"] = column();
  if (below(random, 4) === 0) call.beamWidth = some();
  return SearchRequest.encode(call).finish();
}

const CLASSES: Readonly<
  Record<string, (random: Random, session: ClientHttp2Session) => Promise<string>>
> = {
  "random messages": (random, session) =>
    send(session, frame(randomBytes(random, 400)), { headers: { ":path": pathOf(random) } }),
  "mutated calls": (random, session) =>
    send(session, frame(mutated(random, goodCall(random))), {
      headers: { ":path": PATHS[below(random, 2)] ?? VERIFY },
    }),
  "absurd values": (random, session) =>
    send(session, frame(absurd(random)), {
      headers: { ":path": PATHS[below(random, 2)] ?? VERIFY },
    }),
  "truncated frames": (random, session) => {
    const whole = frame(goodCall(random));
    return send(session, whole.subarray(0, below(random, whole.length)));
  },
  "wrong lengths": (random, session) => {
    const lengths = [0, 1, 2 ** 16, 2 ** 24, 2 ** 31, 2 ** 32 - 1];
    const length = lengths[below(random, lengths.length)] ?? 0;
    return send(session, frame(goodCall(random), { length }));
  },
  "flags and encodings": (random, session) => {
    const encodings = ["gzip", "deflate", "identity", "br", "", "x".repeat(1_000)];
    return send(session, frame(goodCall(random), { flag: below(random, 256) }), {
      headers: { "grpc-encoding": encodings[below(random, encodings.length)] ?? "" },
    });
  },
  "odd headers": (random, session) => {
    const timeouts = ["", "0n", "1H", "99999999H", "-5S", "5", "5S5S", "1e9S", "x".repeat(500)];
    const types = ["application/grpc", "application/grpc+json", "text/html", ""];
    return send(session, frame(goodCall(random)), {
      headers: {
        ":path": pathOf(random),
        "grpc-timeout": timeouts[below(random, timeouts.length)] ?? "",
        "content-type": types[below(random, types.length)] ?? "",
      },
    });
  },
  "several messages": (random, session) => {
    const messages = Array.from({ length: 2 + below(random, 3) }, () => frame(goodCall(random)));
    return send(session, Buffer.concat(messages));
  },
  "streams that are left": async (random, session) => {
    const whole = frame(goodCall(random));
    const stream = session.request({
      ...{ ":method": "POST", ":path": VERIFY, "content-type": "application/grpc" },
      "grpc-timeout": "5S",
    });
    stream.on("error", () => undefined);
    stream.write(whole.subarray(0, below(random, whole.length)));
    await new Promise((resolve) => setImmediate(resolve));
    stream.close(below(random, 14));
    await new Promise((resolve) => stream.once("close", resolve));
    return "cut";
  },
};

function pathOf(random: Random): string {
  return PATHS[below(random, PATHS.length)] ?? VERIFY;
}

describe(`a server that meets what no client sends (NIGHTBEAM_FUZZ_SEED=${SEED})`, () => {
  /** The server still answers, and as the model does. */
  async function check(endpoint: VerifierEndpoint) {
    const scorer = client(new ListDirectory([endpoint])).scorer(job());
    const requests = [request(1), request(2)];
    expect(await scorer.score(requests)).toEqual(await local.score(requests));
  }

  it.each(Object.entries(CLASSES))("%s", { timeout: 600_000 }, async (name, input) => {
    const { endpoint, server } = await verifier("a", { streamLimits: { requestMs: 2_000 } });
    const random = seeded(SEED + name.length);
    const statuses = new Map<string, number>();
    let session: ClientHttp2Session | undefined;
    defer(async () => session?.destroy());
    for (let done = 0; done < INPUTS; done += 10) {
      if (session === undefined || session.destroyed || session.closed) {
        session = connectHttp2(`http://${endpoint.address}`);
        session.on("error", () => undefined);
      }
      const open = session;
      const ends = await Promise.all(Array.from({ length: 10 }, () => input(random, open)));
      for (const code of ends) statuses.set(code, (statuses.get(code) ?? 0) + 1);
    }
    if (process.env.NIGHTBEAM_FUZZ !== undefined) console.log(name, INPUTS, statuses);
    const allowed = new Set([...REFUSALS, "http", "cut"]);
    // The library's words for a deadline that it cannot read, and for messages of its own services.
    if (name === "odd headers" || name === "random messages") allowed.add("13");
    expect([...statuses.keys()].filter((code) => !allowed.has(code))).toEqual([]);
    await check(endpoint);
    expect(server.openCalls).toBe(0);
  });

  it("raw bytes on the connection", { timeout: 600_000 }, async () => {
    const { endpoint } = await verifier("a", { streamLimits: { silentMs: 300 } });
    const port = Number(endpoint.address.split(":")[1]);
    const random = seeded(SEED);
    const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    for (let done = 0; done < INPUTS; done += 50) {
      const sockets = Array.from({ length: 50 }, async () => {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => undefined);
        const start = [[], [preface], [preface, settings]][below(random, 3)] ?? [];
        const junk = Array.from({ length: below(random, 4) }, () => http2Frame(random));
        socket.write(Buffer.concat([...start, ...junk, randomBytes(random, 40)]));
        const closed = once(socket, "close");
        if (below(random, 2) === 0) setTimeout(() => socket.destroy(), below(random, 20));
        else socket.resume();
        // What follows the settings may be nothing wrong, and is closed when it is idle.
        await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 200))]);
        socket.destroy();
      });
      await Promise.all(sockets);
    }
    await check(endpoint);
  });

  it("what is allowed and empty is answered", async () => {
    const { endpoint, handler } = await verifier("a");
    const scorer = client(new ListDirectory([endpoint])).scorer(job());
    expect(await scorer.score([])).toEqual([]);
    const empty = [1, 2].map((key) => ({ ...request(key), tree: treeOf(trie, []) }));
    expect((await scorer.score(empty)).map(({ logProbs }) => logProbs.length)).toEqual([0, 0]);
    expect(handler.calls).toHaveLength(1);
  });
});

/** An HTTP/2 frame of any type, with any flags and content. */
function http2Frame(random: Random): Buffer {
  const content = randomBytes(random, 60);
  const head = Buffer.alloc(9);
  const length = below(random, 8) === 0 ? below(random, 2 ** 24) : content.length;
  head.writeUIntBE(length, 0, 3);
  head.writeUInt8(below(random, 12), 3);
  head.writeUInt8(below(random, 256), 4);
  head.writeUInt32BE(below(random, 8), 5);
  return Buffer.concat([head, content]);
}
