import { readFile } from "node:fs/promises";
import { UsageError } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";
import { SchedulerError } from "./errors.js";

/** Shorter tokens can be guessed. */
const MIN_CHARACTERS = 8;

/**
 * Reads the token that clients must send.
 *
 * @throws SchedulerError NO_TOKEN; UsageError BAD_OPTION
 */
export async function readToken(options: {
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
}): Promise<string> {
  const { token, tokenFile } = options;
  const given = token ?? (tokenFile === undefined ? "" : await fromFile(tokenFile));
  if (given.length >= MIN_CHARACTERS) return given;
  throw new SchedulerError(
    "NO_TOKEN",
    given === ""
      ? "The scheduler needs a token, so that not everyone can start runs. Set NIGHTBEAM_TOKEN or pass " +
          "--token-file; `openssl rand -hex 24` makes one."
      : `The token is too short: use at least ${MIN_CHARACTERS} characters.`,
  );
}

async function fromFile(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    throw new UsageError("BAD_OPTION", `--token-file ${path} cannot be read: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}
