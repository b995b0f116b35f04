import {
  type Catalogue,
  type Exclusion,
  excerpt,
  excerpts,
  excludeItems,
  filteredOut,
} from "@nightbeam/catalogue";
import {
  type AllowLists,
  allowListsHash,
  fileHash,
  readAllowLists,
  readUserGroups,
} from "@nightbeam/dataset";
import { RecommendError } from "../errors.js";

/** What the users of groups may get: a region's items, those for children, a retailer's. */
export interface UserGroups {
  /**
   * Returns what a user must not get.
   *
   * @param groups those of the user's row; undefined if it names none
   */
  exclusionOf(user: string, groups: readonly string[] | undefined): GroupAnswer;
}

export type GroupAnswer =
  | { readonly kind: "excluded"; readonly exclusion: Exclusion }
  /** The user cannot be recommended for: it is not known what is allowed. */
  | { readonly kind: "rejected"; readonly reason: string; readonly detail: string };

export interface UserGroupsOptions {
  /** A place as `readAllowLists` reads it, or items by group. */
  readonly allowLists: string | Readonly<Record<string, readonly string[]>> | undefined;
  /** A file as `readUserGroups` reads it. Default: rows name the groups. */
  readonly userGroups?: string | undefined;
  /** The catalogue that is searched. */
  readonly catalogue: Catalogue;
  /** Items that no user may get and that are still in the catalogue. */
  readonly excluded: Exclusion;
}

/**
 * Reads lists of allowed items per group, and who belongs to which. Items that the catalogue does not have are ignored.
 * What a group excludes is computed when its first user comes, and shared by all of them.
 *
 * @returns undefined if there are no lists
 * @throws RecommendError BAD_ALLOW_LISTS if the catalogue has none of a list's items; DatasetError
 */
export async function openUserGroups(options: UserGroupsOptions): Promise<UserGroups | undefined> {
  const { allowLists, userGroups } = options;
  if (allowLists === undefined) return undefined;
  const lists: AllowLists =
    typeof allowLists === "string"
      ? await readAllowLists(allowLists)
      : new Map(Object.entries(allowLists));
  for (const [group, items] of lists) refuseForeign(group, items, options.catalogue);
  const members = userGroups === undefined ? undefined : await readUserGroups(userGroups);
  return new SharedExclusions(options, lists, members);
}

/** The hashes of the files of allow-lists, for a plan's versions. @throws DatasetError */
export async function userGroupsVersions(settings: {
  readonly allowLists?: string | undefined;
  readonly userGroups?: string | undefined;
}): Promise<Readonly<Record<string, string>>> {
  const { allowLists, userGroups } = settings;
  return {
    ...(allowLists === undefined ? {} : { allowLists: await allowListsHash(allowLists) }),
    ...(userGroups === undefined ? {} : { userGroups: await fileHash(userGroups) }),
  };
}

class SharedExclusions implements UserGroups {
  readonly #options: Pick<UserGroupsOptions, "catalogue" | "excluded">;
  readonly #lists: AllowLists;
  readonly #members: ReadonlyMap<string, readonly string[]> | undefined;
  /** By the groups' names. */
  readonly #exclusions = new Map<string, Exclusion>();

  constructor(
    options: Pick<UserGroupsOptions, "catalogue" | "excluded">,
    lists: AllowLists,
    members: ReadonlyMap<string, readonly string[]> | undefined,
  ) {
    this.#options = options;
    this.#lists = lists;
    this.#members = members;
  }

  exclusionOf(user: string, named: readonly string[] | undefined): GroupAnswer {
    const groups = [...new Set(named ?? this.#members?.get(user))].sort();
    if (groups.length === 0) return rejected("no_group", "the user belongs to no group");
    const unknown = groups.find((group) => !this.#lists.has(group));
    if (unknown !== undefined) {
      return rejected("unknown_group", `there is no allow-list of the group ${excerpt(unknown)}`);
    }
    const exclusion = this.#exclusionOf(groups);
    if (exclusion.size < this.#options.catalogue.itemCount) return { kind: "excluded", exclusion };
    const all = excerpts(groups);
    return rejected("nothing_allowed", `no item is allowed in all of the groups ${all}`);
  }

  /** Users of several groups get what all of them allow. */
  #exclusionOf(groups: readonly string[]): Exclusion {
    const key = JSON.stringify(groups);
    const known = this.#exclusions.get(key);
    if (known !== undefined) return known;
    const { catalogue, excluded } = this.#options;
    const [group = "", ...others] = groups;
    const base = others.length === 0 ? excluded : this.#exclusionOf(others);
    const allow = this.#lists.get(group) ?? [];
    const left = filteredOut(catalogue, { allow, onUnknown: () => undefined });
    const exclusion = excludeItems(catalogue, left, base);
    this.#exclusions.set(key, exclusion);
    return exclusion;
  }
}

function rejected(reason: string, detail: string): GroupAnswer {
  return { kind: "rejected", reason, detail };
}

function refuseForeign(group: string, items: readonly string[], catalogue: Catalogue): void {
  if (items.some((id) => catalogue.itemIndex(id) !== undefined)) return;
  const found =
    items.length === 0
      ? "it is empty"
      : `the catalogue has none of its ${items.length} items, such as ${excerpt(items[0])}`;
  throw new RecommendError(
    "BAD_ALLOW_LISTS",
    `\`allowLists\`: the list of the group ${excerpt(group)}: ${found}; give items of this \`catalogue\` that \`allow\` and \`block\` leave in`,
  );
}
