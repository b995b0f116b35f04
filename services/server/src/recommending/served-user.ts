/** A user as a request and the stored history describe one. */
export interface ServedUser {
  readonly name: string | undefined;
  /** Item ids, oldest first. */
  readonly items: readonly string[];
  readonly texts?: Readonly<Record<string, string>> | undefined;
  readonly groups?: readonly string[] | undefined;
  /** The only items to recommend. Default: all. */
  readonly allow?: readonly string[] | undefined;
  /** Default: none. */
  readonly exclude?: readonly string[] | undefined;
}
