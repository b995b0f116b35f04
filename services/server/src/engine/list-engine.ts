import {
  allowOnly,
  type Catalogue,
  type Exclusion,
  excludeItems,
  filterCatalogue,
  filteredOut,
  NOTHING_EXCLUDED,
} from "@nightbeam/catalogue";
import { openCatalogue, type RecommendedItem } from "@nightbeam/dataset";
import { type Beams, widestOf } from "@nightbeam/decoding";
import { promptColumns, searchedCatalogue } from "@nightbeam/model";
import {
  expandItems,
  type ItemWeights,
  type ListQuestions,
  levelsOf,
  listQuestions,
  openUserGroups,
  type ParsedRecommenderSettings,
  policyOf,
  type ReadyUser,
  readFilter,
  readItemWeights,
  userReader,
} from "@nightbeam/recommend";
import { ServerError } from "../errors.js";
import type { ServedUser } from "../recommending/served-user.js";
import { policyBySize } from "./policy-by-size.js";
import {
  openLocalTarget,
  openRemoteTarget,
  type RemoteContext,
  type TargetContext,
  type TargetSide,
} from "./target-side.js";

export interface EngineOptions extends Pick<TargetContext, "settings" | "histories" | "closers"> {
  /** A file of users and groups. Default: requests and histories name the groups. */
  readonly userGroups: string | undefined;
  /** What verifiers are asked with. Default: the target is loaded here. */
  readonly remote: Omit<RemoteContext, keyof TargetContext> | undefined;
}

/** What makes lists: catalogue, prompts, draft, search, target. Lists are those of `nightbeam recommend`, to the bit. */
export class ListEngine {
  readonly catalogue: Catalogue;
  readonly historyCatalogue: Catalogue;
  /** `catalogue` without the items that are closed for all users. */
  readonly compared: Catalogue;
  readonly target: TargetSide;
  /** Identifies users' questions, without their own filters; undefined if lists depend on more. */
  readonly questions: ListQuestions | undefined;
  /** Items per list, at most. */
  readonly maxTopK: number;
  readonly #settings: ParsedRecommenderSettings;
  readonly #texts: readonly string[];
  readonly #read: ReturnType<typeof userReader>;
  readonly #itemWeights: ItemWeights | undefined;

  constructor(parts: {
    readonly settings: ParsedRecommenderSettings;
    readonly catalogues: Readonly<Record<"searched" | "historyCatalogue" | "compared", Catalogue>>;
    readonly target: TargetSide;
    readonly texts: readonly string[];
    readonly read: ReturnType<typeof userReader>;
    readonly itemWeights: ItemWeights | undefined;
  }) {
    const { settings, catalogues, target } = parts;
    this.#settings = settings;
    this.catalogue = catalogues.searched;
    this.historyCatalogue = catalogues.historyCatalogue;
    this.compared = catalogues.compared;
    this.target = target;
    this.questions = listQuestions(
      { ...settings, device: settings.device.kind },
      {
        ...{ catalogue: this.catalogue, checkpoint: target.checkpoint, program: target.program },
        ...{ hasCandidates: false, hasGroups: settings.allowLists !== undefined },
      },
    );
    const { beamWidth } = settings;
    this.maxTopK = typeof beamWidth === "number" ? beamWidth : (beamWidth.at(-1) ?? 1);
    this.#texts = parts.texts;
    this.#read = parts.read;
    this.#itemWeights = parts.itemWeights;
  }

  /** Tokens that a batch computes for a user about, prompt included: what costs are measured in. */
  tokensOf(promptTokens: number): number {
    return promptTokens + widestOf(this.#settings.beamWidth) * (this.catalogue.trie.levels - 1);
  }

  /** @throws ServerError BAD_REQUEST, REJECTED */
  read(user: ServedUser): ReadyUser {
    const { name, items, texts, groups } = user;
    const missing = this.#texts.find((column) => texts?.[column] === undefined);
    if (missing !== undefined) {
      throw new ServerError(
        "BAD_REQUEST",
        `texts.${missing} is missing: the target's prompts have {column:${missing}}. Send it.`,
      );
    }
    if (items.length === 0) {
      throw rejected("empty_history", "The history has no items. Send one with items.");
    }
    const reading = this.#read({
      ...{ kind: "history", row: 0, user: name ?? "", items: [...items] },
      ...(texts === undefined ? {} : { texts }),
      ...(groups === undefined ? {} : { groups }),
    });
    if (reading.kind === "rejected")
      throw rejected(reading.rejected.reason, `${reading.rejected.detail}.`);
    const exclusion = this.#exclusionOf(reading.user.exclusion, user);
    if (exclusion.size < this.catalogue.itemCount) return { ...reading.user, exclusion };
    throw rejected(
      "nothing_allowed",
      "`allow` and `exclude` leave no item of the catalogue. Allow more.",
    );
  }

  /** A list of code paths as items. */
  itemsOf({
    beams,
    exclusion,
    topK = this.#settings.topK,
  }: {
    readonly beams: Beams;
    readonly exclusion: Exclusion;
    readonly topK: number | undefined;
  }): RecommendedItem[] {
    const { itemsPerPath } = this.#settings;
    const itemWeights = this.#itemWeights;
    return expandItems(this.catalogue, { beams, exclusion, topK, itemWeights, itemsPerPath });
  }

  get topK(): number {
    return this.#settings.topK;
  }

  #exclusionOf(own: Exclusion, { allow, exclude }: ServedUser): Exclusion {
    const indices = (ids: readonly string[]) =>
      ids.flatMap((id) => this.catalogue.itemIndex(id) ?? []);
    const allowed = allow === undefined ? own : allowOnly(this.catalogue, indices(allow), own);
    return exclude === undefined || exclude.length === 0
      ? allowed
      : excludeItems(this.catalogue, indices(exclude), allowed);
  }
}

function rejected(reason: string, message: string): ServerError {
  return new ServerError("REJECTED", message, { reason });
}

/**
 * Opens the models or the connections to verifiers, and the catalogue.
 *
 * @throws CatalogueError, DatasetError, ModelError, RecommendError, RunError, SettingsError about what the settings name
 */
export async function openListEngine(options: EngineOptions): Promise<ListEngine> {
  const { settings, histories, closers, remote, userGroups } = options;
  const { catalogue, target: directory, scoring, allowLists, itemOrder } = settings;
  const historyCatalogue =
    typeof catalogue === "string" ? await openCatalogue(catalogue) : catalogue;
  const filter = await readFilter(settings);
  const isFiltered = filter.allow !== undefined || filter.block !== undefined;
  // Verifiers hold the whole catalogue, so there what the filter leaves out is excluded.
  const recommended =
    remote === undefined ? filterCatalogue(historyCatalogue, filter) : historyCatalogue;
  const searched = await searchedCatalogue(recommended, { directory, scoring });
  const excluded =
    remote !== undefined && isFiltered
      ? excludeItems(searched, filteredOut(searched, filter))
      : NOTHING_EXCLUDED;
  const itemWeights = await readItemWeights({ itemOrder, catalogue: searched, histories });
  const groups = await openUserGroups({ allowLists, userGroups, catalogue: searched, excluded });
  const texts = await promptColumns(directory);
  const policy = policyBySize(() => policyOf(settings, levelsOf(searched)));
  const catalogues = { historyCatalogue, searched };
  const context = { settings, histories, closers, policy, ...catalogues };
  const target =
    remote === undefined
      ? await openLocalTarget(context)
      : await openRemoteTarget({ ...context, ...remote });
  const { excludeSeen, unknownItems } = settings;
  const read = userReader({
    ...catalogues,
    ...target,
    excludeSeen,
    unknownItems,
    excluded,
    groups,
  });
  const compared =
    excluded === NOTHING_EXCLUDED
      ? searched
      : await searchedCatalogue(filterCatalogue(historyCatalogue, filter), { directory, scoring });
  const all = { ...catalogues, compared };
  return new ListEngine({ settings, catalogues: all, target, texts, read, itemWeights });
}
