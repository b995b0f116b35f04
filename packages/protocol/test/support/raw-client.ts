import { connectivityState, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  VerifierClient as Stub,
  VerifyRequest,
  VerifyResponse,
} from "../../src/generated/nightbeam/verifier/v1/verifier.js";

/** A client of another implementation: sends the given bytes. */
export function rawClient(port: number, options: object = {}) {
  const stub = new Stub(`127.0.0.1:${port}`, credentials.createInsecure(), options);
  /** Sends bytes, and gives the status they are answered with. */
  const send = (
    bytes: Uint8Array,
    { deadline, signal }: { deadline?: number; signal?: AbortSignal } = {
      deadline: Date.now() + 10_000,
    },
  ) =>
    new Promise<{ code: status; details: string; metadata: Metadata }>((resolve) => {
      const call = stub.makeUnaryRequest(
        "/nightbeam.verifier.v1.Verifier/Verify",
        (raw: Uint8Array) => Buffer.from(raw),
        (raw: Buffer) => VerifyResponse.decode(raw),
        bytes,
        new Metadata(),
        deadline === undefined ? {} : { deadline },
        (error: ServiceError | null) =>
          resolve(error ?? { code: status.OK, details: "", metadata: new Metadata() }),
      );
      signal?.addEventListener("abort", () => call.cancel());
    });
  return {
    stub,
    send,
    verify: (message: VerifyRequest) => send(VerifyRequest.encode(message).finish()),
    /** Whether the connection is gone. */
    isIdle: () => stub.getChannel().getConnectivityState(false) !== connectivityState.READY,
    close: () => stub.close(),
  };
}
