// Exits with 0 if a gRPC server reports that it is serving: node grpc.mjs 127.0.0.1:7070
//
// Certificates are those of the verifier itself: --tls-cert FILE and --tls-key FILE, or NIGHTBEAM_TLS_CERT
// and NIGHTBEAM_TLS_KEY. With them, or with --tls alone, the check is made over TLS, and the certificate is
// shown to servers that ask their clients for one. The server's certificate is not checked, because this
// runs inside its container.
//
// grpc.health.v1.Health/Check over plain HTTP/2, so that nothing has to be installed or loaded.
import { readFileSync } from "node:fs";
import { connect } from "node:http2";
import { parseArgs } from "node:util";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    tls: { type: "boolean", default: false },
    "tls-cert": { type: "string", default: process.env.NIGHTBEAM_TLS_CERT ?? "" },
    "tls-key": { type: "string", default: process.env.NIGHTBEAM_TLS_KEY ?? "" },
  },
});
const [address = ""] = positionals;
const TIMEOUT_MS = 4_000;

/** Flag and length, then a message without fields: asks about the server as a whole. */
const REQUEST = Buffer.alloc(5);
/** HealthCheckResponse { status: SERVING } */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01]);

function open() {
  const { tls, "tls-cert": cert, "tls-key": key } = values;
  if (!tls && cert === "") return connect(`http://${address}`);
  const own = cert === "" ? {} : { cert: readFileSync(cert), key: readFileSync(key) };
  return connect(`https://${address}`, { rejectUnauthorized: false, ...own });
}

function check() {
  return new Promise((resolve, reject) => {
    const session = open();
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
