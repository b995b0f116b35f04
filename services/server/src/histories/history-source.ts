/** What is stored of a user. */
export interface StoredHistory {
  /** Item ids, oldest first; perhaps none. */
  readonly items: readonly string[];
  /** Texts by column, for targets whose prompts have them. */
  readonly texts?: Readonly<Record<string, string>> | undefined;
  /** Groups of the user, if the histories name them. */
  readonly groups?: readonly string[] | undefined;
}

/** Where histories are found by user. */
export interface HistorySource {
  /** @throws ServerError INTERNAL if the source does not answer */
  historyOf(user: string): Promise<StoredHistory | undefined>;
}
