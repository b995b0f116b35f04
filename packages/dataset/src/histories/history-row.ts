/** Why an input row has no history. */
export type RejectReason =
  /** The row cannot be read: invalid syntax, or a missing or unusable user, item or time. */
  | "malformed_row"
  /** The row is valid, but its history has no items. */
  | "empty_history"
  /** The row is valid, but another row of the same user counts. */
  | "duplicate_user";

/** The history of a user. */
export interface History {
  readonly kind: "history";
  /** The position among the input rows, from 0. Runs are resumed by it. */
  readonly row: number;
  readonly user: string;
  /** Item ids, oldest first; at least one. */
  readonly items: string[];
  /** The columns that were asked for as texts, by name. Default: none were. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Groups that the user belongs to, if the row names them: see `allowLists`. */
  readonly groups?: readonly string[];
}

/** An input row without a history. It does not stop the reading. */
export interface RejectedHistory {
  readonly kind: "rejected";
  readonly row: number;
  /** If it is known. */
  readonly user?: string;
  readonly reason: RejectReason;
  /** The problem and the line, for people. */
  readonly detail: string;
}

export type HistoryRow = History | RejectedHistory;

/** Makes a rejected row, without `user` if it is not known. */
export function rejectRow(options: {
  readonly row: number;
  readonly user?: string | undefined;
  readonly reason: RejectReason;
  readonly detail: string;
}): RejectedHistory {
  const { row, user, reason, detail } = options;
  return { kind: "rejected", row, ...(user === undefined ? {} : { user }), reason, detail };
}
