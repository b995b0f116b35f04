import { SchedulerError } from "./errors.js";

/** Shorter tokens can be guessed. */
const MIN_CHARACTERS = 8;

/** Checks the token that clients must send. @throws SchedulerError NO_TOKEN */
export function checkToken(token = ""): string {
  if (token.length >= MIN_CHARACTERS) return token;
  throw new SchedulerError(
    "NO_TOKEN",
    token === ""
      ? "The scheduler needs a token, so that not everyone can start runs. Set NIGHTBEAM_TOKEN or pass " +
          "--token-file; `openssl rand -hex 24` makes one."
      : `The token is too short: use at least ${MIN_CHARACTERS} characters.`,
  );
}
