/** Why a row of the input gave no history. */
export type RejectReason =
  /** The row cannot be read: broken syntax, a missing or unusable user, item or time. */
  | "malformed_row"
  /** The row is fine and its history has no items. */
  | "empty_history";

/** A user's items, oldest first. */
export interface History {
  readonly kind: "history";
  /** Place among the rows of the input, from 0; a run is resumed by it. */
  readonly row: number;
  readonly user: string;
  /** Item ids, at least one. */
  readonly items: string[];
}

/** A row that gave no history; it is reported, and the reading goes on. */
export interface RejectedHistory {
  readonly kind: "rejected";
  readonly row: number;
  /** Where it could be told. */
  readonly user?: string;
  readonly reason: RejectReason;
  /** For a person: what is wrong, and on which line. */
  readonly detail: string;
}

export type HistoryRow = History | RejectedHistory;

/** A rejected row; `user` is left out where it is not known. */
export function rejectRow(options: {
  readonly row: number;
  readonly user?: string | undefined;
  readonly reason: RejectReason;
  readonly detail: string;
}): RejectedHistory {
  const { row, user, reason, detail } = options;
  return { kind: "rejected", row, ...(user === undefined ? {} : { user }), reason, detail };
}
