import { readFile } from "node:fs/promises";
import { UsageError } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";

/** A shorter secret can be guessed. */
const MIN_CHARACTERS = 16;

/** Reads the secret that signs alarms. @throws UsageError BAD_OPTION */
export async function readAlarmSecret(options: {
  readonly alarmSecret?: string | undefined;
  readonly alarmSecretFile?: string | undefined;
  readonly alarmWebhook?: string | undefined;
}): Promise<string | undefined> {
  const { alarmSecret, alarmSecretFile, alarmWebhook } = options;
  const secret = alarmSecret ?? (await fromFile(alarmSecretFile));
  if (secret === undefined) return undefined;
  if (alarmWebhook === undefined) {
    throw bad("--alarm-secret signs what --alarm-webhook is sent, which is not given. Give both.");
  }
  if (secret.length >= MIN_CHARACTERS) return secret;
  throw bad(
    `The alarm secret is too short: use at least ${MIN_CHARACTERS} characters. ` +
      '`echo "whsec_$(openssl rand -base64 32)"` makes one.',
  );
}

async function fromFile(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    throw bad(`--alarm-secret-file ${path} cannot be read: ${reasonOf(error)}.`);
  }
}

function bad(message: string): UsageError {
  return new UsageError("BAD_OPTION", message);
}
