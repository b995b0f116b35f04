import { type OptionFile, readOptionFile, refusedFile } from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import { type Authenticator, credsAuthenticator, nkeyAuthenticator, nkeys } from "nats";

/** Which file has the credentials for NATS, if any. */
export interface CredentialOptions {
  readonly natsCreds?: string | undefined;
  readonly natsNkey?: string | undefined;
}

/** Proves to NATS who this process is. */
export interface NatsCredentials {
  readonly authenticator: Authenticator;
  /** The file that they are from. */
  readonly file: OptionFile;
}

/**
 * Reads the credentials for NATS. They are checked here: the client would fail at every connection.
 *
 * @throws UsageError BAD_OPTION
 */
export async function readCredentials(
  { natsCreds, natsNkey }: CredentialOptions,
  log: Pick<Log, "warn">,
): Promise<NatsCredentials | undefined> {
  if (natsCreds !== undefined) {
    const file = { name: "--nats-creds", path: natsCreds };
    if (natsNkey !== undefined) throw refusedFile(file, "and --nats-nkey are both set: give one");
    const text = await textOf(file, log);
    const isWhole = /BEGIN NATS USER JWT/.test(text) && seedOf(text) !== undefined;
    if (!isWhole)
      throw refusedFile(file, "is not a .creds file: it needs a JWT and the user's seed");
    return { authenticator: credsAuthenticator(Buffer.from(text)), file };
  }
  if (natsNkey === undefined) return undefined;
  const file = { name: "--nats-nkey", path: natsNkey };
  const seed = seedOf(await textOf(file, log));
  if (seed === undefined) {
    throw refusedFile(file, "contains no seed of a user, a line that begins with SU");
  }
  return { authenticator: nkeyAuthenticator(Buffer.from(seed)), file };
}

async function textOf(file: OptionFile, log: Pick<Log, "warn">): Promise<string> {
  const { bytes, warning } = await readOptionFile(file);
  if (warning !== undefined) log.warn({}, warning);
  return Buffer.from(bytes).toString("utf8");
}

/** The seed of a user in a text. Undefined without a valid one. */
function seedOf(text: string): string | undefined {
  const seed = /^SU[A-Z2-7]{56}$/m.exec(text.replaceAll("\r", ""))?.[0];
  if (seed === undefined) return undefined;
  try {
    nkeys.fromSeed(Buffer.from(seed));
    return seed;
  } catch {
    // Its checksum is wrong.
    return undefined;
  }
}
