import { type CatalogueFilter, filterCatalogue, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import {
  openCatalogue,
  type RecommendedItem,
  readHistories,
  readItemList,
} from "@nightbeam/dataset";
import { promptColumns, searchedCatalogue } from "@nightbeam/model";
import { RecommendError } from "../errors.js";
import { GROUPS_AT_ONCE, openRowsDecoder, type RowsDecoder } from "../open-rows-decoder.js";
import { chooseProgram } from "../program/choose-program.js";
import { readItemWeights } from "../shard/item-order.js";
import { openUserGroups } from "../shard/user-groups.js";
import { inGroups } from "./in-groups.js";
import { Permits } from "./permits.js";
import {
  type ParsedRecommenderSettings,
  parseRecommenderSettings,
  type RecommenderSettings,
} from "./recommender-settings.js";
import { historyRow, type UserHistory, type Users, userSource } from "./user-source.js";

/** A user's recommendations. */
export interface UserList {
  readonly user: string;
  /** Best first, at most `topK`; empty if the user was rejected. */
  readonly items: readonly RecommendedItem[];
  /** Items of the history that were skipped because the catalogue lacks them. Default: 0. */
  readonly skippedItems?: number;
  /** Why the user gets no list, if so. */
  readonly rejection?: Rejection;
}

export interface Rejection {
  /** `empty_history`, `unknown_item`, `prompt_too_long`, or `malformed_row` if `prompt.user` needs another name. */
  readonly reason: string;
  /** What is wrong, for people. */
  readonly detail: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Recommends with models that stay open between calls. Calls may be concurrent; they share the models. */
export interface Recommender extends AsyncDisposable {
  /**
   * Yields a list per user, in the order of the users. Users are read a few groups ahead of the
   * caller, so an endless stream needs no more memory than a long one.
   *
   * @throws RecommendError BAD_ARGUMENT at once if these are not users. The iteration throws it for a
   * user that is malformed, CLOSED after `close`, the signal's reason as soon as it is aborted, and
   * what the users' source or a model throws
   */
  recommend(users: Users, options?: CallOptions): AsyncGenerator<UserList, void, undefined>;
  /** Returns one user's list. @throws as the iteration of `recommend` */
  recommendOne(user: UserHistory, options?: CallOptions): Promise<UserList>;
  /** Stops all iterations, waits for the calls of models in progress and frees the models. */
  close(): Promise<void>;
}

/**
 * Opens the models and the catalogue. Lists and scores are those of `nightbeam recommend`, to the bit.
 *
 * @throws SettingsError BAD_SETTINGS, BAD_DRAFT; RecommendError BAD_DRAFT_WIDTHS, BAD_SEARCH, DRAFT_DIFFERS;
 * CatalogueError, DatasetError, ModelError, RunError about what the settings name; the signal's reason
 */
export async function openRecommender(
  given: RecommenderSettings,
  { signal }: CallOptions = {},
): Promise<Recommender> {
  const settings = parseRecommenderSettings(given);
  const { catalogue, histories: path, columns } = settings;
  const historyCatalogue =
    typeof catalogue === "string" ? await openCatalogue(catalogue) : catalogue;
  const recommended = filterCatalogue(historyCatalogue, await readFilter(settings));
  const { target: directory, scoring } = settings;
  const searched = await searchedCatalogue(recommended, { directory, scoring });
  const histories = () => (path === undefined ? nothing() : readHistories({ path, columns }));
  const { kind: device } = settings.device;
  const how = { settings, programs: undefined, device, trie: searched.trie };
  const { program } = chooseProgram(how);
  const { itemOrder } = settings;
  const itemWeights = await readItemWeights({ itemOrder, catalogue: searched, histories, signal });
  const { allowLists } = settings;
  const excluded = NOTHING_EXCLUDED;
  const groups = await openUserGroups({ allowLists, catalogue: searched, excluded });
  const texts = await promptColumns(settings.target);
  const decoder = await openRowsDecoder(
    { ...settings, program },
    { historyCatalogue, searched, histories, itemWeights, groups, signal },
  );
  const knows = (id: string) => historyCatalogue.itemIndex(id) !== undefined;
  return new MachineRecommender(decoder, { batchSize: settings.batchSize, knows, texts });
}

/** Reads the lists of `allow` and `block`. @throws DatasetError */
export async function readFilter({
  allow,
  block,
}: Pick<ParsedRecommenderSettings, "allow" | "block">): Promise<CatalogueFilter> {
  return {
    ...(allow === undefined ? {} : { allow: await idsOf(allow) }),
    ...(block === undefined ? {} : { block: await idsOf(block) }),
  };
}

async function idsOf(items: string | readonly string[]): Promise<Iterable<string>> {
  return typeof items === "string" ? readItemList(items) : items;
}

async function* nothing() {}

class MachineRecommender implements Recommender {
  readonly #decoder: RowsDecoder;
  readonly #batchSize: number;
  /** Whether the catalogue has an item. */
  readonly #knows: (item: string) => boolean;
  /** Columns of the texts that users need. */
  readonly #texts: readonly string[];
  /** One per batch that the models take at once. */
  readonly #permits: Permits;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(
    decoder: RowsDecoder,
    options: {
      readonly batchSize: number;
      readonly knows: (item: string) => boolean;
      readonly texts: readonly string[];
    },
  ) {
    this.#decoder = decoder;
    this.#batchSize = options.batchSize;
    this.#knows = options.knows;
    this.#texts = options.texts;
    this.#permits = new Permits(GROUPS_AT_ONCE * decoder.batchesAtOnce);
  }

  recommend(users: Users, { signal }: CallOptions = {}): AsyncGenerator<UserList, void, undefined> {
    const { signal: closing } = this.#closing;
    let firstRow = 0;
    return inGroups(userSource(users), {
      handle: (group, stop) => {
        const from = firstRow;
        firstRow += group.length;
        return this.#listsOf(group, from, stop);
      },
      groupSize: this.#batchSize * this.#decoder.batchesAtOnce,
      groupsAtOnce: GROUPS_AT_ONCE,
      signal: signal === undefined ? closing : AbortSignal.any([signal, closing]),
    });
  }

  async recommendOne(user: UserHistory, options?: CallOptions): Promise<UserList> {
    const lists = this.recommend([user], options);
    try {
      const { value } = await lists.next();
      if (value !== undefined) return value;
    } finally {
      await lists.return();
    }
    throw new RecommendError("BAD_ARGUMENT", "user must be { user, history }");
  }

  close(): Promise<void> {
    this.#closed ??= this.#stop();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #stop(): Promise<void> {
    this.#closing.abort(
      new RecommendError("CLOSED", "the recommender is closed; open another with openRecommender"),
    );
    await Promise.allSettled(this.#underWay);
    await this.#decoder.close();
  }

  async #listsOf(
    users: readonly UserHistory[],
    firstRow: number,
    signal: AbortSignal,
  ): Promise<readonly UserList[]> {
    const texts = this.#texts;
    const rows = users.map((user, at) => historyRow(user, { row: firstRow + at, texts }));
    const concurrency = Math.min(users.length, this.#decoder.batchesAtOnce);
    const decoding = this.#permits.run(concurrency, () => {
      signal.throwIfAborted();
      return this.#decoder.decode(rows, { signal, concurrency });
    });
    this.#underWay.add(decoding);
    try {
      const { result } = await decoding;
      const rejected = new Map(result.rejected.map((one) => [one.row, one]));
      const lists = result.recommendations.values();
      return users.map(({ user, history }, at): UserList => {
        const rejection = rejected.get(firstRow + at);
        if (rejection === undefined) {
          const skippedItems = history.filter((item) => !this.#knows(item)).length;
          const list = lists.next().value ?? { user, items: [] };
          return skippedItems === 0 ? list : { ...list, skippedItems };
        }
        const { reason, detail } = rejection;
        return { user, items: [], rejection: { reason, detail } };
      });
    } finally {
      this.#underWay.delete(decoding);
    }
  }
}
