import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { z } from "zod";
import { codeOf } from "../log/reason.js";
import { RENEW, type TlsBytes } from "./tls.js";

/** Options of `tls.connect`. */
export interface TlsClientOptions {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
}

/**
 * The options of a connection to a server such as Redis, whose certificate is signed by `--tls-ca` or by an authority
 * that Node trusts: a managed server has a certificate of a public one.
 */
export function tlsClientOptions(tls: TlsBytes | undefined): TlsClientOptions {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
  return {
    ...(tls?.ca === undefined ? {} : { ca: [...trusted(), text(tls.ca)] }),
    ...(tls?.cert === undefined ? {} : { cert: text(tls.cert) }),
    ...(tls?.key === undefined ? {} : { key: text(tls.key) }),
  };
}

/** What Node trusts if it is given no authority. */
function trusted(): string[] {
  const path = process.env.NODE_EXTRA_CA_CERTS ?? "";
  try {
    return path === "" ? [...rootCertificates] : [...rootCertificates, readFileSync(path, "utf8")];
  } catch {
    // Node has warned about it.
    return [...rootCertificates];
  }
}

/**
 * Why a TLS connection failed, with the file or setting to change. Undefined if it did not fail because of TLS.
 *
 * @param error of `tls.connect` or of the connection
 * @param server "Redis", "NATS" or "the scheduler"
 */
export function tlsProblem(
  error: unknown,
  { tls, server }: { readonly tls: TlsBytes | undefined; readonly server: string },
): string | undefined {
  const code = codeOf(error) ?? "";
  const text = error instanceof Error ? error.message : String(error);
  const ca = tls?.paths.ca;
  const cert = tls?.paths.cert;
  if (UNKNOWN_AUTHORITY.has(code)) {
    return ca === undefined
      ? `the certificate of ${server} is not signed by an authority that is known here. Name its authority with --tls-ca.`
      : `the certificate of ${server} is not signed by --tls-ca ${ca}. Name the authority that signed it.`;
  }
  if (code === "CERT_HAS_EXPIRED") return `the certificate of ${server} has expired. ${RENEW}`;
  if (code === "CERT_NOT_YET_VALID") {
    return `the certificate of ${server} is not valid yet. Check the clocks of both machines.`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `the certificate of ${server} is for ${namesIn(error)} and not for its address here. Connect by a name that it has, or make one with this name.`;
  }
  const alert = /alert[ _](\w+(?:[ _]\w+)*)/i.exec(`${code} ${text}`)?.[1]?.toLowerCase() ?? "";
  if (REFUSED.test(alert)) {
    return cert === undefined
      ? `${server} requires a client certificate. Give one with --tls-cert and --tls-key.`
      : `${server} refuses the certificate --tls-cert ${cert}: it has expired, or is not signed by the authority that ${server} trusts.`;
  }
  if (/wrong version number|ERR_SSL_PACKET_LENGTH_TOO_LONG/i.test(`${code} ${text}`)) {
    return `${server} does not speak TLS at this address. Correct the port, or the address without TLS.`;
  }
  return undefined;
}

/** The names of a certificate that was refused, such as "DNS:redis, IP Address:10.0.0.7". */
function namesIn(error: unknown): string {
  const parsed = z.object({ cert: z.object({ subjectaltname: z.string() }) }).safeParse(error);
  return parsed.data?.cert.subjectaltname ?? "other names";
}

const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_SIGNATURE_FAILURE",
]);

const REFUSED = /certificate|unknown[ _]ca|handshake[ _]failure|access[ _]denied/;
