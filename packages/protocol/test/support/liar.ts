import { once } from "node:events";
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { status } from "@grpc/grpc-js";
import { encodeAnswers } from "../../src/codec/answers.js";
import { decodeCall } from "../../src/codec/decode-call.js";
import {
  VerifyRequest,
  VerifyResponse,
} from "../../src/generated/nightbeam/verifier/v1/verifier.js";
import { trie } from "./cluster.js";
import { fakeAnswer } from "./fake-scorer.js";
import { limits } from "./packed.js";

/** A call as a liar gets it, and what an honest verifier would answer. */
export interface LiedTo {
  readonly honest: VerifyResponse;
  readonly stream: ServerHttp2Stream;
  /** Answers in order. */
  reply(response: VerifyResponse): void;
  /** Answers with these bytes for a message. */
  replyBytes(message: Uint8Array): void;
  fail(code: status): void;
}

export type Lie = (call: LiedTo) => void;

/** A verifier of the fake model that answers as a test says, down to the bytes. */
export async function liar(lie: Lie) {
  const sessions = new Set<ServerHttp2Session>();
  let calls = 0;
  const server = createServer();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      calls++;
      lie(callOf(stream, Buffer.concat(chunks).subarray(5)));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  return {
    address: `127.0.0.1:${bound.port}`,
    calls: () => calls,
    close: async () => {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function callOf(stream: ServerHttp2Stream, request: Buffer): LiedTo {
  const { requests } = decodeCall(trie, VerifyRequest.decode(request), limits);
  const honest = encodeAnswers(trie, requests, {
    answers: requests.map((one) => fakeAnswer(trie, one)),
    ...{ queueMs: 1, batchWaitMs: 1, computeMs: 1, nodeMs: 1, waitingTokens: 0, runningTokens: 0 },
    draining: false,
  });
  const replyBytes = (message: Uint8Array) => {
    respond(stream, status.OK);
    stream.end(frame(message));
  };
  return {
    ...{ honest, stream, replyBytes },
    reply: (response) => replyBytes(VerifyResponse.encode(response).finish()),
    fail: (code) => {
      respond(stream, code);
      stream.end();
    },
  };
}

/** A message with its flag and length. */
export function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Sends headers, and the status when the stream ends. */
export function respond(stream: ServerHttp2Stream, code: status): void {
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(code) }));
  const headers = { ":status": 200, "content-type": "application/grpc+proto" };
  stream.respond(headers, { waitForTrailers: true });
}
