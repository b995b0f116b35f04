import { connectivityState, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  SearchRequest,
  VerifierClient as Stub,
  VerifyRequest,
} from "../../src/generated/nightbeam/verifier/v1/verifier.js";

/** A client of another implementation: sends the given bytes. */
export function rawClient(port: number, options: object = {}) {
  const stub = new Stub(`127.0.0.1:${port}`, credentials.createInsecure(), options);
  /** Sends bytes, and gives the status they are answered with. */
  const send = (
    bytes: Uint8Array,
    {
      deadline,
      signal,
      method = "Verify",
    }: { deadline?: number; signal?: AbortSignal; method?: "Verify" | "Search" } = {
      deadline: Date.now() + 10_000,
    },
  ) =>
    new Promise<{ code: status; details: string; metadata: Metadata }>((resolve) => {
      const call = stub.makeUnaryRequest(
        `/nightbeam.verifier.v1.Verifier/${method}`,
        (raw: Uint8Array) => Buffer.from(raw),
        (raw: Buffer) => raw,
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
    search: (message: SearchRequest) =>
      send(SearchRequest.encode(message).finish(), {
        deadline: Date.now() + 10_000,
        method: "Search",
      }),
    /** Whether the connection is gone. */
    isIdle: () => stub.getChannel().getConnectivityState(false) !== connectivityState.READY,
    close: () => stub.close(),
  };
}
