import { randomBytes, X509Certificate } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { UsageError } from "@nightbeam/service";
import { openssl } from "./openssl.js";

/** Who gets a certificate, and what it is for. */
const OWNERS = {
  scheduler: "serverAuth,clientAuth",
  verifier: "serverAuth,clientAuth",
  // With this one nobody can pretend to be a verifier.
  drafter: "clientAuth",
  redis: "serverAuth,clientAuth",
  nats: "serverAuth,clientAuth",
  client: "clientAuth",
} as const;

export type CertificateOwner = keyof typeof OWNERS;

/** The files of a directory that `nightbeam certs` has written; all paths are absolute. */
export interface CertificateFiles {
  readonly ca: string;
  readonly clusterKey: string;
  of(owner: CertificateOwner): { readonly cert: string; readonly key: string };
}

export function certificateFiles(directory: string): CertificateFiles {
  const at = (name: string) => resolve(directory, name);
  return {
    ca: at("ca.pem"),
    clusterKey: at("cluster-key"),
    of: (owner) => ({ cert: at(`${owner}.pem`), key: at(`${owner}.key`) }),
  };
}

export interface MadeCertificates {
  readonly files: CertificateFiles;
  /** Whether the authority was there before. */
  readonly renewed: boolean;
  /** The names and addresses of the certificates. */
  readonly hosts: readonly string[];
  /** When the first certificate expires. */
  readonly validTo: Date;
}

const CA_DAYS = 3_650;
const DAYS = 365;
const CURVE = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

/**
 * Makes an authority, unless the directory has one, and new certificates of it. Without `hosts`, the certificates that
 * are replaced keep theirs.
 *
 * @throws UsageError BAD_OPTION
 */
export function makeCertificates(
  directory: string,
  hosts: readonly string[] | undefined,
): MadeCertificates {
  const files = certificateFiles(directory);
  const caKey = resolve(directory, "ca.key");
  const renewed = existsSync(files.ca);
  if (renewed && !existsSync(caKey)) {
    throw new UsageError(
      "BAD_OPTION",
      `${caKey} is missing: without it the authority cannot sign. Put it back, or use a new directory.`,
    );
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const names = [...new Set([...OWN_HOSTS, hostname(), ...(hosts ?? earlierHosts(files))])];
  const work = mkdtempSync(join(directory, ".new-"));
  try {
    if (!renewed) makeAuthority(work, { ca: files.ca, caKey });
    if (!existsSync(files.clusterKey)) {
      const key = randomBytes(32).toString("base64url");
      writeFileSync(files.clusterKey, `${key}\n`, { mode: 0o600 });
    }
    for (const owner of owners()) issue(owner, { work, files, caKey, names });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const expiries = [files.ca, files.of("scheduler").cert].map(expiryOf);
  return { files, renewed, hosts: names, validTo: new Date(Math.min(...expiries)) };
}

export function owners(): readonly CertificateOwner[] {
  return ["scheduler", "verifier", "drafter", "redis", "nats", "client"];
}

const OWN_HOSTS = ["localhost", "127.0.0.1", "::1"];

/** The names in the certificates that are replaced. */
function earlierHosts(files: CertificateFiles): readonly string[] {
  const { cert } = files.of("verifier");
  if (!existsSync(cert)) return [];
  const names = new X509Certificate(readFileSync(cert)).subjectAltName ?? "";
  return names
    .split(", ")
    .map((name) => name.replace(/^(DNS|IP Address):/, ""))
    .filter((name) => name !== "" && name !== "0:0:0:0:0:0:0:1");
}

function makeAuthority(work: string, to: { readonly ca: string; readonly caKey: string }): void {
  const [cert, key, config] = [join(work, "ca.pem"), join(work, "ca.key"), join(work, "ca.cnf")];
  writeFileSync(
    config,
    "[req]\ndistinguished_name=name\nx509_extensions=authority\nprompt=no\n" +
      "[name]\nCN=Nightbeam cluster authority\n" +
      "[authority]\nbasicConstraints=critical,CA:TRUE,pathlen:0\n" +
      "keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n",
  );
  openssl(
    [
      ["req", "-x509", "-sha256", ...CURVE, "-days", String(CA_DAYS), "-config", config],
      ["-keyout", key, "-out", cert],
    ].flat(),
  );
  chmodSync(key, 0o600);
  // The key first: a certificate without its key is of no use.
  renameSync(key, to.caKey);
  renameSync(cert, to.ca);
}

function issue(
  owner: CertificateOwner,
  from: {
    readonly work: string;
    readonly files: CertificateFiles;
    readonly caKey: string;
    readonly names: readonly string[];
  },
): void {
  const { work, files, caKey, names } = from;
  const [cert, key] = [join(work, "cert.pem"), join(work, "key.pem")];
  const [request, config] = [join(work, "request.csr"), join(work, "leaf.cnf")];
  const alternatives = names.map((name) => (isIP(name) === 0 ? `DNS:${name}` : `IP:${name}`));
  writeFileSync(
    config,
    `[req]\ndistinguished_name=name\nprompt=no\n[name]\nCN=nightbeam ${owner}\n` +
      "[leaf]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n" +
      `extendedKeyUsage=${OWNERS[owner]}\nsubjectAltName=${alternatives.join(",")}\n`,
  );
  openssl(["req", ...CURVE, "-config", config, "-keyout", key, "-out", request]);
  const serial = `0x00${randomBytes(15).toString("hex")}`;
  openssl(
    [
      ["x509", "-req", "-sha256", "-in", request, "-CA", files.ca, "-CAkey", caKey],
      ["-set_serial", serial, "-days", String(DAYS), "-extfile", config, "-extensions", "leaf"],
      ["-out", cert],
    ].flat(),
  );
  chmodSync(key, 0o600);
  const to = files.of(owner);
  renameSync(key, to.key);
  renameSync(cert, to.cert);
}

function expiryOf(path: string): number {
  return Date.parse(new X509Certificate(readFileSync(path)).validTo);
}
