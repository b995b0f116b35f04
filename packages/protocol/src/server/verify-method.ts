import type { handleUnaryCall, ServerUnaryCall } from "@grpc/grpc-js";
import type { Trie } from "@nightbeam/catalogue";
import type { ScoreRequest } from "@nightbeam/decoding";
import { reasonOf } from "@nightbeam/service/log";
import { answerBytes, encodeAnswers, RESPONSE_BYTES } from "../codec/answers.js";
import { decodeCall } from "../codec/decode-call.js";
import { ProtocolError } from "../errors.js";
import { VerifyRequest, type VerifyResponse } from "../generated/nightbeam/verifier/v1/verifier.js";
import { checkIdentity, type IdentityMessage } from "../identity.js";
import { type CallLimits, maxRequestBytes } from "../limits.js";
import type { VerifyHandler } from "./handler.js";
import type { OpenCalls } from "./open-calls.js";
import { statusOf } from "./status-of.js";

/** The dependencies of `verifyMethod`. */
export interface VerifySetup {
  readonly handler: VerifyHandler;
  readonly trie: Trie;
  readonly identity: IdentityMessage;
  readonly limits: CallLimits;
  readonly calls: OpenCalls;
}

/** Answers `Verify`. Requests are decoded here, so that errors in them get a precise message. */
export function verifyMethod(setup: VerifySetup): handleUnaryCall<Buffer, VerifyResponse> {
  return (call, callback) => {
    void answer(setup, call).then(
      (response) => callback(null, response),
      (error: unknown) => callback(statusOf(error)),
    );
  };
}

type Received = ServerUnaryCall<Buffer, VerifyResponse>;

async function answer(setup: VerifySetup, received: Received): Promise<VerifyResponse> {
  const { handler, trie, calls } = setup;
  const deadline = Number(received.getDeadline());
  if (!Number.isFinite(deadline)) {
    throw new ProtocolError("INVALID_CALL", "the call has no deadline: set one");
  }
  const open = calls.begin();
  received.on("cancelled", () => open.abort(cancelled(deadline)));
  try {
    if (received.cancelled) throw cancelled(deadline);
    const message = parse(received.request, setup.limits);
    checkIdentity(setup.identity, message);
    const content = decodeCall(trie, message, setup.limits);
    checkAnswerSize(setup, content.requests);
    const verified = await handler.verify({ ...content, signal: open.signal, deadline });
    return encodeAnswers(trie, content.requests, { ...verified, draining: calls.refusing });
  } finally {
    open.end();
  }
}

/** Refuses calls whose answer would be too large, before it is computed. @throws ProtocolError INVALID_CALL */
function checkAnswerSize({ trie, limits }: VerifySetup, requests: readonly ScoreRequest[]): void {
  const bytes = requests.reduce((sum, request) => sum + answerBytes(trie, request), RESPONSE_BYTES);
  if (bytes <= limits.messageBytes) return;
  throw new ProtocolError(
    "INVALID_CALL",
    `the answer may have ${bytes} bytes, but a message's limit is ${limits.messageBytes}: send fewer users per call`,
  );
}

/** @throws ProtocolError INVALID_CALL */
function parse(bytes: Buffer, limits: CallLimits): VerifyRequest {
  const maxBytes = maxRequestBytes(limits);
  if (bytes.length > maxBytes) {
    throw new ProtocolError(
      "INVALID_CALL",
      `the request has ${bytes.length} bytes, more than any call within this verifier's limits: ${maxBytes}`,
    );
  }
  try {
    return VerifyRequest.decode(bytes);
  } catch (error) {
    const what = `the request is not a VerifyRequest: ${reasonOf(error)}`;
    throw new ProtocolError("INVALID_CALL", what, { cause: error });
  }
}

/** A client disconnects at its deadline, which may be a moment earlier by its clock than by ours. */
const DEADLINE_SLACK_MS = 50;

function cancelled(deadline: number): ProtocolError {
  return Date.now() >= deadline - DEADLINE_SLACK_MS
    ? new ProtocolError("DEADLINE", "the call's deadline has passed")
    : new ProtocolError("CANCELLED", "the client cancelled or disconnected");
}
