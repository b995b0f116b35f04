import type { Catalogue } from "@nightbeam/catalogue";
import { type HistoryColumns, type HistoryRow, readHistories } from "@nightbeam/dataset";
import { type Model, promptColumns } from "@nightbeam/model";
import { type ReadyUser, userReader } from "@nightbeam/recommend";
import { UsageError } from "@nightbeam/service";

/** What history rows are read with. */
export interface UserContext {
  readonly catalogue: Catalogue;
  readonly target: Pick<Model, "encodePrompt" | "maxPromptTokens" | "promptLimit">;
}

/** Returns the users of the rows that can be decoded; no items are excluded from their lists. */
export function usersOf(rows: readonly HistoryRow[], context: UserContext): ReadyUser[] {
  const { catalogue, target } = context;
  const read = userReader({
    historyCatalogue: catalogue,
    searched: catalogue,
    encodePrompt: target.encodePrompt,
    maxPromptTokens: target.maxPromptTokens,
    promptLimit: target.promptLimit,
    excludeSeen: false,
    unknownItems: "skip",
  });
  return rows.flatMap((row) => {
    const reading = read(row);
    return reading.kind === "user" ? reading.user : [];
  });
}

/** Reads the first users of the histories. @throws UsageError BAD_OPTION if none can be decoded */
export async function readUsers(
  options: {
    target: string;
    histories: string;
    columns?: HistoryColumns | undefined;
    limit: number;
  },
  context: UserContext,
): Promise<ReadyUser[]> {
  const users: ReadyUser[] = [];
  const { histories: path, columns, limit } = options;
  const texts = await promptColumns(options.target);
  for await (const rows of readHistories({ path, columns, texts, limit })) {
    users.push(...usersOf(rows, context));
  }
  if (users.length > 0) return users;
  throw new UsageError(
    "BAD_OPTION",
    `--histories ${options.histories} has no user that can be decoded`,
  );
}
