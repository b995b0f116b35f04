import {
  type Catalogue,
  type Exclusion,
  excerpt,
  excludeItems,
  NOTHING_EXCLUDED,
} from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import type { ShardUser } from "@nightbeam/decoding";
import { ModelError, type PromptEncoder } from "@nightbeam/model";
import type { RejectedRow } from "@nightbeam/run";
import type { UserGroups } from "./user-groups.js";

/** A user who can be decoded. */
export interface ReadyUser extends ShardUser {
  readonly name: string;
  /** The items of the row, oldest first, those that the catalogue lacks included. */
  readonly items: readonly string[];
  /** Items of the history that were skipped, because the catalogue lacks them. */
  readonly skipped: number;
}

/** What a row of the histories becomes: a user to decode, or a rejected row. */
export type Reading =
  | { readonly kind: "user"; readonly user: ReadyUser }
  | { readonly kind: "rejected"; readonly rejected: RejectedRow };

export interface ReaderOptions {
  /** The catalogue that histories are written in: unfiltered. */
  readonly historyCatalogue: Catalogue;
  /** The catalogue that is searched; the same, or a smaller one. */
  readonly searched: Catalogue;
  readonly encodePrompt: PromptEncoder;
  /** Longest prompt that the model takes, in tokens. */
  readonly maxPromptTokens: number;
  /** Where `maxPromptTokens` comes from, for people. */
  readonly promptLimit: string;
  readonly excludeSeen: boolean;
  /** What happens to items that `historyCatalogue` lacks. */
  readonly unknownItems: "skip" | "reject";
  /** Items that no user may get and that are still in the searched catalogue. Default: none. */
  readonly excluded?: Exclusion;
  /** What users of groups may get. Default: users have no groups. */
  readonly groups?: UserGroups | undefined;
}

/** Returns a function that makes users of rows. A row that cannot be a user is rejected with a reason. */
export function userReader(options: ReaderOptions): (row: HistoryRow) => Reading {
  const { historyCatalogue, searched, excluded = NOTHING_EXCLUDED } = options;
  return (row) => {
    if (row.kind === "rejected") {
      const { kind: _, ...rejected } = row;
      return { kind: "rejected", rejected };
    }
    const reject = (reason: string, detail: string): Reading => ({
      kind: "rejected",
      rejected: { row: row.row, user: row.user, reason, detail },
    });
    const items: number[] = [];
    const unknown: string[] = [];
    for (const id of row.items) {
      const item = historyCatalogue.itemIndex(id);
      if (item === undefined) unknown.push(id);
      else items.push(item);
    }
    if (unknown.length > 0 && (items.length === 0 || options.unknownItems === "reject")) {
      return reject("unknown_item", unknownProblem(unknown, items.length));
    }
    const prompt = promptOf(row, { items, encodePrompt: options.encodePrompt });
    if (typeof prompt === "string") return reject("malformed_row", prompt);
    if (prompt.length > options.maxPromptTokens) {
      return reject(
        "prompt_too_long",
        `the prompt has ${prompt.length} tokens; the model takes ${options.maxPromptTokens} (${options.promptLimit})`,
      );
    }
    const allowed = options.groups?.exclusionOf(row.user, row.groups);
    if (allowed?.kind === "rejected") return reject(allowed.reason, allowed.detail);
    const base = allowed?.exclusion ?? excluded;
    const seen = row.items.flatMap((id) => searched.itemIndex(id) ?? []);
    return {
      kind: "user",
      user: {
        name: row.user,
        items: row.items,
        skipped: unknown.length,
        prompt,
        history: Uint32Array.from(seen),
        exclusion: ownExclusion({
          searched,
          items: options.excludeSeen ? seen : [],
          base,
        }),
      },
    };
  };
}

/** A user's prompt, or why the user has none. */
function promptOf(
  { user, texts }: Extract<HistoryRow, { kind: "history" }>,
  { items, encodePrompt }: { items: readonly number[]; encodePrompt: PromptEncoder },
): Int32Array | string {
  try {
    return encodePrompt(items, { name: user, texts });
  } catch (error) {
    if (error instanceof ModelError && error.code === "BAD_USER") return error.message;
    throw error;
  }
}

function unknownProblem([first, ...more]: readonly string[], known: number): string {
  const item = `item ${excerpt(first)} is not in the catalogue`;
  if (known > 0 || more.length === 0) return item;
  return `none of its ${more.length + 1} items is in the catalogue, the first is ${excerpt(first)}`;
}

function ownExclusion(options: {
  readonly searched: Catalogue;
  readonly items: readonly number[];
  readonly base: Exclusion;
}): Exclusion {
  const { searched, items, base } = options;
  // What is closed for others as well is a base, also of users who exclude nothing: it is hashed once for all of them, and
  // an answer's certificate tells it from what is closed for the user alone.
  if (items.length === 0 && base === NOTHING_EXCLUDED) return base;
  return excludeItems(searched, items, base);
}
