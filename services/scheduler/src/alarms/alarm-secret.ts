import { UsageError } from "@nightbeam/service";

/** A shorter secret can be guessed. */
const MIN_CHARACTERS = 16;

/** Checks the secret that signs alarms. @throws UsageError BAD_OPTION */
export function checkAlarmSecret(options: {
  readonly alarmSecret?: string | undefined;
  readonly alarmWebhook?: string | undefined;
}): string | undefined {
  const { alarmSecret: secret, alarmWebhook } = options;
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

function bad(message: string): UsageError {
  return new UsageError("BAD_OPTION", message);
}
