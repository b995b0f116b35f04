import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

/** The services that a server names by reflection, as grpcurl asks for them. */
export async function listServices(port: number): Promise<string[]> {
  const main = createRequire(import.meta.url).resolve("@grpc/reflection");
  const proto = join(dirname(main), "..", "proto", "grpc", "reflection", "v1", "reflection.proto");
  const service = loadSync(proto, { keepCase: true })["grpc.reflection.v1.ServerReflection"];
  if (service === undefined || !("ServerReflectionInfo" in service)) throw new Error(proto);
  const method = service.ServerReflectionInfo;
  if (method === undefined || typeof method === "function") throw new Error(proto);
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      const stream = client.makeBidiStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
      );
      stream.on("error", reject);
      stream.on("data", (answer: ListAnswer) => {
        stream.end();
        resolve(answer.list_services_response.service.map(({ name }) => name));
      });
      stream.write({ list_services: "" });
    });
  } finally {
    client.close();
  }
}

interface ListAnswer {
  readonly list_services_response: { readonly service: readonly { readonly name: string }[] };
}
