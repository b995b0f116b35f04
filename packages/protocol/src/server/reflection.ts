import { fileURLToPath } from "node:url";
import type { Server } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { protoPath as healthProto } from "grpc-health-check";

/** The package's proto/, from src/server as from dist/server. */
const PROTO = new URL("../../proto/", import.meta.url);

/** Lets tools such as grpcurl ask the server what it serves. */
export function addReflection(server: Server): void {
  const directory = fileURLToPath(PROTO);
  const definition = loadSync(["nightbeam/verifier/v1/verifier.proto", healthProto], {
    keepCase: true,
    includeDirs: [directory],
  });
  new ReflectionService(definition).addToServer(server);
}
