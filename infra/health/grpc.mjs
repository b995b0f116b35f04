// Exits with 0 if a gRPC server reports that it is serving: node grpc.mjs 127.0.0.1:7070 [--tls]
//
// grpc.health.v1.Health/Check over plain HTTP/2, so that nothing has to be installed or loaded.
// With --tls the certificate is not checked, because the client runs inside the container.
import { connect } from "node:http2";

const [, , address = "", tls] = process.argv;
const TIMEOUT_MS = 4_000;

/** Flag and length, then a message without fields: asks about the server as a whole. */
const REQUEST = Buffer.alloc(5);
/** HealthCheckResponse { status: SERVING } */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01]);

function check() {
  return new Promise((resolve, reject) => {
    const scheme = tls === "--tls" ? "https" : "http";
    const session = connect(`${scheme}://${address}`, { rejectUnauthorized: false });
    const timer = setTimeout(() => reject(new Error(`${address} does not answer`)), TIMEOUT_MS);
    session.on("error", reject);
    const call = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const chunks = [];
    call.on("data", (chunk) => chunks.push(chunk));
    call.on("error", reject);
    call.on("end", () => {
      clearTimeout(timer);
      session.close();
      resolve(Buffer.concat(chunks).equals(SERVING));
    });
    call.end(REQUEST);
  });
}

try {
  if (!(await check())) throw new Error(`${address} is not serving`);
} catch (error) {
  console.error(String(error));
  process.exit(1);
}
