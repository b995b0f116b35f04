import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const opensslIsHere = spawnSync("openssl", ["version"]).status === 0;

/** Certificates of an authority of their own, in a temporary directory. */
export interface TestAuthority {
  /** The authority's certificate. */
  readonly ca: string;
  /** Makes a certificate and its key; returns their paths. */
  issue(
    name: string,
    options?: { readonly names?: string; readonly days?: number },
  ): TestCertificate;
  remove(): void;
}

export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

const CURVE = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

/** Makes an authority with openssl. */
export function testAuthority(): TestAuthority {
  const directory = mkdtempSync(join(tmpdir(), "nightbeam-certificates-"));
  const at = (file: string) => join(directory, file);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const [ca, caKey] = [at("ca.pem"), at("ca.key")];
  const subject = ["-days", "2", "-subj", "/CN=test authority"];
  openssl("req", "-x509", ...CURVE, ...subject, "-keyout", caKey, "-out", ca);
  return {
    ca,
    issue: (name, { names = "IP:127.0.0.1,DNS:localhost", days = 2 } = {}) => {
      const [cert, key] = [at(`${name}.pem`), at(`${name}.key`)];
      const [request, extensions] = [at("request.csr"), at("extensions")];
      writeFileSync(extensions, `subjectAltName=${names}\n`);
      openssl("req", ...CURVE, "-subj", `/CN=${name}`, "-keyout", key, "-out", request);
      openssl(
        ...["x509", "-req", "-in", request, "-CA", ca, "-CAkey", caKey, "-CAcreateserial"],
        ...["-days", String(days), "-extfile", extensions, "-out", cert],
      );
      return { cert, key };
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
