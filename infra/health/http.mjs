// Exits with 0 if an address answers with success: node http.mjs http://127.0.0.1:7080/healthz
// A service with NIGHTBEAM_TLS_CERT serves https. Its certificate is not checked: this asks only whether it answers.
import { get } from "node:http";
import { get as getSecurely } from "node:https";

const [, , address = ""] = process.argv;
const usesTls = (process.env.NIGHTBEAM_TLS_CERT ?? "") !== "";
const url = usesTls ? address.replace(/^http:/, "https:") : address;

try {
  const status = await new Promise((resolve, reject) => {
    const options = { signal: AbortSignal.timeout(4_000), rejectUnauthorized: false };
    const ask = url.startsWith("https:") ? getSecurely : get;
    ask(url, options, (answer) => resolve(answer.statusCode)).once("error", reject);
  });
  if (status < 200 || status > 299) throw new Error(`${url} answers ${status}`);
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
process.exit();
