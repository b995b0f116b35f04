import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";

export const opensslIsHere = spawnSync("openssl", ["version"]).status === 0;

/** Writes a self-signed certificate for 127.0.0.1; returns the flags that use it on either end. */
export function certificateFlags(directory: string): string[] {
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=nightbeam"],
      ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ...["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
    ],
    { stdio: "ignore" },
  );
  return ["--tls-ca", cert, "--tls-cert", cert, "--tls-key", key];
}
