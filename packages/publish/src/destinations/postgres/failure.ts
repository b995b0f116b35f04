import { setTimeout as sleep } from "node:timers/promises";
import { type TlsBytes, tlsProblem } from "@nightbeam/service";
import { codeOf, reasonOf } from "@nightbeam/service/log";
import { DatabaseError } from "pg";
import { z } from "zod";
import { PublishError } from "../../errors.js";
import { LOCK_MS, SCHEMA } from "./tables.js";

const LOCK_TRIES = 25;

/** Whether a statement failed because nothing was published yet: undefined table, undefined schema. */
export function isNothingThere(error: unknown): boolean {
  return error instanceof DatabaseError && ["42P01", "3F000"].includes(error.code ?? "");
}

/** Tries again while a lock cannot be had: waiting for it would stop readers that come later. */
export async function withLocks<Value>(work: () => Promise<Value>): Promise<Value> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const cause = error instanceof PublishError ? error.cause : undefined;
      if (codeOf(cause) !== "55P03" || tries >= LOCK_TRIES) throw error;
      await sleep(LOCK_MS * 2);
    }
  }
}

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^28/, "Correct user and password of --to, or set PGPASSWORD."],
  [/^3D/, "Create this database, or correct --to."],
  [
    /^42501/,
    `Give this user rights: CREATE SCHEMA ${SCHEMA} AUTHORIZATION its_name, run by an administrator.`,
  ],
  [/^53/, "Give it disk or memory, and publish again: what is there is kept."],
  [
    /^55P03/,
    "A long transaction reads these tables. End it, and publish again: what is there is kept.",
  ],
  [/^22021|^22P05/, "An id has a character that PostgreSQL cannot hold, such as NUL."],
  [/^25006/, "It is a replica: give the address of the primary."],
];

/** The PublishError of a failed statement or connection. */
export function postgresFailure(
  place: string,
  { error, tls }: { readonly error: unknown; readonly tls: TlsBytes | undefined },
): PublishError {
  if (error instanceof PublishError) return error;
  const options = { cause: error };
  if (error instanceof z.ZodError) {
    return new PublishError(
      "DAMAGED",
      `${place} has a record that cannot be read: ${z.prettifyError(error)}.`,
      options,
    );
  }
  // 57P: shut down; 08: the connection.
  const code = error instanceof DatabaseError ? (error.code ?? "") : "";
  if (code !== "" && !/^(?:57P|08)/.test(code)) {
    const remedy = REMEDIES.find(([pattern]) => pattern.test(code))?.[1] ?? "";
    return new PublishError(
      "REFUSED",
      `${place} refused: ${reasonOf(error)}. ${remedy}`.trim(),
      options,
    );
  }
  const reason = tlsProblem(error, { tls, server: "PostgreSQL" }) ?? `${reasonOf(error)}.`;
  return new PublishError(
    "UNREACHABLE",
    `${place} did not answer: ${reason} Check that it runs, and publish again: what is there is kept.`,
    options,
  );
}
