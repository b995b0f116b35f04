import { createPrivateKey, X509Certificate } from "node:crypto";
import { z } from "zod";
import { UsageError } from "../errors.js";
import type { Log } from "../log/log.js";
import { reasonOf } from "../log/reason.js";
import type { Flag } from "./flags.js";
import { type OptionFile, readOptionFile, refusedFile } from "./option-files.js";

/** Schema fields for certificate files. */
export const tlsFields = {
  tlsCa: z.string().optional(),
  tlsCert: z.string().optional(),
  tlsKey: z.string().optional(),
};

/** The flags of `tlsFields`; only what `tlsCa` and `tlsCert` do differs between commands. */
export function tlsFlags(meaning: { readonly ca: string; readonly cert: string }): readonly Flag[] {
  return [
    { flag: "--tls-ca <file>", meaning: meaning.ca },
    { flag: "--tls-cert <file>", meaning: meaning.cert },
    { flag: "--tls-key <file>", meaning: "key of --tls-cert" },
  ];
}

/** The contents of the files, in PEM. Plain data, so that it can be sent to another thread. */
export interface TlsBytes {
  /** Authorities that sign the peer's certificate. */
  readonly ca?: Uint8Array;
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
  /** The paths, for messages. */
  readonly paths: { readonly ca?: string; readonly cert?: string };
}

interface TlsOptions {
  readonly tlsCa?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
}

/** Certificates that expire within this time get a warning. */
const WARN_BEFORE_MS = 14 * 24 * 3_600_000;

/**
 * Reads the certificate files and checks that they can be used now. Returns undefined, which means plain text, if
 * none is named.
 *
 * @param log gets warnings about certificates that expire soon and keys that others can read
 * @throws UsageError BAD_OPTION: a file cannot be read, is invalid or has expired, or the files do not belong together
 */
export async function readTls(
  { tlsCa, tlsCert, tlsKey }: TlsOptions,
  log?: Pick<Log, "warn">,
): Promise<TlsBytes | undefined> {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new UsageError("BAD_OPTION", "--tls-cert and --tls-key belong together: give both");
  }
  if (tlsCa === undefined && tlsCert === undefined) return undefined;
  const ca = tlsCa === undefined ? undefined : await certificates("--tls-ca", tlsCa, log);
  const cert = tlsCert === undefined ? undefined : await certificates("--tls-cert", tlsCert, log);
  const key = tlsKey === undefined ? undefined : await keyOf(tlsKey, cert?.first, log);
  return {
    ...(ca === undefined ? {} : { ca: ca.bytes }),
    ...(cert === undefined ? {} : { cert: cert.bytes }),
    ...(key === undefined ? {} : { key }),
    paths: {
      ...(tlsCa === undefined ? {} : { ca: tlsCa }),
      ...(tlsCert === undefined ? {} : { cert: tlsCert }),
    },
  };
}

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

async function certificates(
  name: string,
  path: string,
  log: Pick<Log, "warn"> | undefined,
): Promise<{ readonly bytes: Uint8Array; readonly first: X509Certificate }> {
  const file = { name, path };
  const { bytes } = await readOptionFile(file);
  const blocks = Buffer.from(bytes).toString("latin1").match(BLOCK) ?? [];
  const parsed = blocks.map((block) => certificateOf(block, file));
  const [first] = parsed;
  if (first === undefined) {
    throw refusedFile(file, "contains no certificate: give a file in PEM format");
  }
  const [now, until] = [Date.now(), Date.parse(first.validTo)];
  if (until <= now) {
    throw refusedFile(file, `expired on ${first.validTo}. ${RENEW}`);
  }
  if (Date.parse(first.validFrom) > now) {
    throw refusedFile(
      file,
      `is valid only from ${first.validFrom} on. Check the clock of this machine.`,
    );
  }
  if (until - now < WARN_BEFORE_MS) {
    log?.warn({ file: path, expires: first.validTo }, `the certificate of ${name} expires soon`);
  }
  return { bytes, first };
}

/** What to do about an expired certificate. */
export const RENEW = "Renew it (`nightbeam certs` renews those that it made), and restart.";

function certificateOf(block: string, file: OptionFile): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (cause) {
    throw refusedFile(file, `contains a damaged certificate: ${reasonOf(cause)}`, cause);
  }
}

async function keyOf(
  path: string,
  cert: X509Certificate | undefined,
  log: Pick<Log, "warn"> | undefined,
): Promise<Uint8Array> {
  const file = { name: "--tls-key", path };
  const { bytes, warning } = await readOptionFile(file);
  let belongs: boolean | undefined;
  try {
    belongs = cert?.checkPrivateKey(createPrivateKey(Buffer.from(bytes)));
  } catch (cause) {
    throw refusedFile(file, "is not a private key in PEM format without a passphrase", cause);
  }
  if (belongs === false) throw refusedFile(file, "is not the key of --tls-cert: give its own key");
  if (warning !== undefined) log?.warn({}, warning);
  return bytes;
}
