import type { handleUnaryCall, ServerUnaryCall } from "@grpc/grpc-js";
import type { TargetProgram } from "@nightbeam/decoding";
import { reasonOf } from "@nightbeam/service/log";
import { RESPONSE_BYTES } from "../codec/answers.js";
import { ProtocolError } from "../errors.js";
import { checkIdentity, type IdentityMessage } from "../identity.js";
import type { CallLimits } from "../limits.js";
import { traceparentOf } from "../metadata.js";
import type { ReceivedBy, VerifyHandler } from "./handler.js";
import type { OpenCalls } from "./open-calls.js";
import { statusOf } from "./status-of.js";

/** What the methods of a server share. */
export interface CallSetup {
  readonly identity: IdentityMessage;
  readonly handler: Pick<VerifyHandler, "describe">;
  readonly limits: CallLimits;
  readonly calls: OpenCalls;
}

/** A method that asks the model: its messages, and who answers. */
export interface CallMethod<Message extends IdentityMessage, Content, Response> {
  /** The name of the request's message. */
  readonly name: string;
  /** Decodes the bytes; may throw anything. */
  read(bytes: Buffer): Message;
  /** Checks a message. @throws ProtocolError INVALID_CALL, WRONG_MODEL */
  decode(message: Message): Content;
  /** The program that answers. */
  programOf(content: Content): TargetProgram;
  /** Maximum bytes of the answers, without the rest of the response. */
  answerBytes(content: Content): number;
  answer(content: Content & ReceivedBy, state: { readonly draining: boolean }): Promise<Response>;
}

/** Answers a method. Requests are decoded here, so that errors in them get a precise message. */
export function callMethod<Message extends IdentityMessage, Content, Response>(
  setup: CallSetup,
  method: CallMethod<Message, Content, Response>,
): handleUnaryCall<Buffer, Response> {
  return (call, callback) => {
    void answer(setup, method, call).then(
      (response) => callback(null, response),
      (error: unknown) => callback(statusOf(error)),
    );
  };
}

async function answer<Message extends IdentityMessage, Content, Response>(
  setup: CallSetup,
  method: CallMethod<Message, Content, Response>,
  received: ServerUnaryCall<Buffer, Response>,
): Promise<Response> {
  const { calls, limits } = setup;
  const deadline = Number(received.getDeadline());
  if (!Number.isFinite(deadline)) {
    throw new ProtocolError("INVALID_CALL", "the call has no deadline: set one");
  }
  const open = calls.begin();
  received.on("cancelled", () => open.abort(cancelled(deadline)));
  try {
    if (received.cancelled) throw cancelled(deadline);
    const message = parse(received.request, method);
    checkIdentity(setup.identity, message);
    const content = method.decode(message);
    checkProgram(setup.handler, method.programOf(content));
    checkAnswerSize(method.answerBytes(content), limits);
    const { signal } = open;
    const state = {
      get draining() {
        return calls.refusing;
      },
    };
    const traceparent = traceparentOf(received.metadata);
    const by = { peer: received.getPeer(), signal, deadline, traceparent };
    return await method.answer({ ...content, ...by }, state);
  } finally {
    open.end();
  }
}

/** @throws ProtocolError WRONG_MODEL */
function checkProgram(handler: CallSetup["handler"], asked: TargetProgram): void {
  const held = handler.describe().programs.map(({ program }) => program);
  if (held.includes(asked)) return;
  throw new ProtocolError(
    "WRONG_MODEL",
    `this verifier runs ${held.join(", ")}, not ${asked}; start one with --programs ${asked}`,
  );
}

/** Refuses calls whose answer would be too large, before it is computed. @throws ProtocolError INVALID_CALL */
function checkAnswerSize(answerBytes: number, { messageBytes }: CallLimits): void {
  const bytes = answerBytes + RESPONSE_BYTES;
  if (bytes <= messageBytes) return;
  throw new ProtocolError(
    "INVALID_CALL",
    `the answer may have ${bytes} bytes, but a message's limit is ${messageBytes}: send fewer users per call`,
  );
}

/** @throws ProtocolError INVALID_CALL */
function parse<Message>(
  bytes: Buffer,
  { name, read }: { readonly name: string; read(bytes: Buffer): Message },
): Message {
  try {
    return read(bytes);
  } catch (error) {
    const what = `the request is not a ${name}: ${reasonOf(error)}`;
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
