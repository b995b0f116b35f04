import { fileURLToPath } from "node:url";
import type { Server } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { protoPath as healthProto } from "grpc-health-check";

/** The directory proto/ of this package, relative to both src/server and dist/server. */
const PROTO = new URL("../../proto/", import.meta.url);

/** Adds server reflection, for tools such as grpcurl. */
export function addReflection(server: Server): void {
  const directory = fileURLToPath(PROTO);
  const definition = loadSync(["nightbeam/verifier/v1/verifier.proto", healthProto], {
    keepCase: true,
    includeDirs: [directory],
  });
  new ReflectionService(definition).addToServer(server);
}
