import { readFile } from "node:fs/promises";
import { z } from "zod";
import { UsageError } from "../errors.js";
import { reasonOf } from "../log/reason.js";

/** Schema fields for certificate files. */
export const tlsFields = {
  tlsCa: z.string().optional(),
  tlsCert: z.string().optional(),
  tlsKey: z.string().optional(),
};

/** The contents of the files, in PEM. Plain bytes, so that they can be sent to another thread. */
export interface TlsBytes {
  /** Authorities that sign the peer's certificate. */
  readonly ca?: Uint8Array;
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
}

interface TlsOptions {
  readonly tlsCa?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
}

/**
 * Reads the certificate files. Returns undefined, which means plain text, if none is named.
 *
 * @throws UsageError BAD_OPTION: a file cannot be read, or only one of certificate and key is given
 */
export async function readTls(options: TlsOptions): Promise<TlsBytes | undefined> {
  const { tlsCa, tlsCert, tlsKey } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new UsageError("BAD_OPTION", "--tls-cert and --tls-key belong together: give both");
  }
  if (tlsCa === undefined && tlsCert === undefined) return undefined;
  return {
    ...(tlsCa === undefined ? {} : { ca: await fileOf("--tls-ca", tlsCa) }),
    ...(tlsCert === undefined ? {} : { cert: await fileOf("--tls-cert", tlsCert) }),
    ...(tlsKey === undefined ? {} : { key: await fileOf("--tls-key", tlsKey) }),
  };
}

async function fileOf(flag: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new UsageError("BAD_OPTION", `${flag} ${path} cannot be read: ${reasonOf(cause)}`, {
      cause,
    });
  }
}
