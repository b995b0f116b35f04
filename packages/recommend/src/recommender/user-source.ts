import type { HistoryRow } from "@nightbeam/dataset";
import { RecommendError } from "../errors.js";
import type { Source } from "./in-groups.js";

/** A user and the ids of the user's items, oldest first. */
export interface UserHistory {
  /** Any name. Drawn lists depend on it. */
  readonly user: string;
  readonly history: readonly string[];
  /** The user's texts by column, for a target whose prompts have `{column:NAME}`. Default: none. */
  readonly texts?: Readonly<Record<string, string>>;
  /** The groups of `allowLists` that the user belongs to: what all of them allow is recommended. */
  readonly groups?: readonly string[];
}

/** One user, or many: an array, any iterable, or an async stream, which may be endless. */
export type Users = UserHistory | Iterable<UserHistory> | AsyncIterable<UserHistory>;

/** @throws RecommendError BAD_ARGUMENT if these are not users */
export function userSource(users: Users): Source<UserHistory> {
  const problem = "users must be { user, history }, an iterable or an async iterable of these";
  if (typeof users !== "object" || users === null) throw badArgument(problem);
  if (Symbol.asyncIterator in users) return users[Symbol.asyncIterator]();
  if (Symbol.iterator in users) return users[Symbol.iterator]();
  if ("user" in users) return [users][Symbol.iterator]();
  throw badArgument(problem);
}

/**
 * Returns a user as a row of histories.
 *
 * @param place.row among the caller's users, for messages
 * @param place.texts columns of the texts that the target's prompts need
 * @throws RecommendError BAD_ARGUMENT: JavaScript callers have no types
 */
export function historyRow(
  value: UserHistory,
  { row, texts: needed }: { row: number; texts: readonly string[] },
): HistoryRow {
  if (typeof value !== "object" || value === null) {
    throw badArgument(`users[${row}] must be { user, history }`);
  }
  const { user, history, texts, groups } = value;
  if (typeof user !== "string" || user === "") {
    throw badArgument(`users[${row}].user must be a name`);
  }
  if (!Array.isArray(history) || !history.every((id) => typeof id === "string")) {
    throw badArgument(`users[${row}].history must be an array of item ids`);
  }
  const missing = needed.find((name) => typeof texts?.[name] !== "string");
  if (missing !== undefined) {
    throw badArgument(
      `users[${row}].texts.${missing} must be a text: the target's prompts have {column:${missing}}`,
    );
  }
  if (
    groups !== undefined &&
    !(Array.isArray(groups) && groups.every((one) => typeof one === "string"))
  ) {
    throw badArgument(`users[${row}].groups must be an array of names`);
  }
  if (history.length > 0) {
    const more = {
      ...(texts === undefined ? {} : { texts }),
      ...(groups === undefined ? {} : { groups: [...groups] }),
    };
    return { kind: "history", row, user, items: [...history], ...more };
  }
  return { kind: "rejected", row, user, reason: "empty_history", detail: "no items" };
}

function badArgument(message: string): RecommendError {
  return new RecommendError("BAD_ARGUMENT", message);
}
