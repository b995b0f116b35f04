import type { History } from "@nightbeam/dataset";
import {
  CombinedDrafter,
  type Drafter,
  emptyDrafter,
  LeafListsBuilder,
  ListsDrafter,
  speculativeDecoder,
} from "@nightbeam/decoding";
import type { Model } from "@nightbeam/model";
import { type OpenDrafts, openDrafts } from "@nightbeam/recommend";
import { draftTraits } from "@nightbeam/settings";
import { usersOf } from "../users.js";
import type { PaperData } from "./data.js";
import { decodeUntimed } from "./decode-untimed.js";
import { plainSearch } from "./decoders.js";
import { type MethodName, type PaperOptions, PREVIOUS } from "./options.js";

/** A row of the table, with its open drafter. */
export interface Method {
  readonly name: string;
  readonly drafter: Drafter;
  /** Whether relaxed verification can draw from its drafts. */
  readonly isDrawn: boolean;
}

export interface OpenMethods {
  readonly methods: readonly Method[];
  /** Hashes of the checkpoints of each method. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
  close(): Promise<void>;
}

interface MethodContext {
  readonly data: PaperData;
  readonly target: Model;
  readonly options: PaperOptions;
  readonly nextKey: () => number;
}

/** Opens the drafts of every row. @throws ModelError, DatasetError, RecommendError */
export async function openMethods(context: MethodContext): Promise<OpenMethods> {
  const opened: OpenDrafts[] = [];
  const close = async () => {
    await Promise.all(opened.map((one) => one.close()));
  };
  try {
    const methods: Method[] = [];
    const versions: Record<string, string[]> = {};
    for (const name of context.options.method) {
      const drafters: Drafter[] = [];
      for (const draft of name.drafts) {
        if (draft === PREVIOUS) {
          drafters.push(await previousNight(context));
          continue;
        }
        const drafts = await openOne(draft, context);
        opened.push(drafts);
        drafters.push(drafts.drafter);
        const hashes = Object.values(drafts.draftVersions);
        versions[name.name] = [...(versions[name.name] ?? []), ...hashes];
      }
      const [first = emptyDrafter] = drafters;
      const drafter = drafters.length > 1 ? new CombinedDrafter(drafters) : first;
      methods.push({ name: name.name, drafter, isDrawn: isDrawn(name) });
    }
    return { methods, versions, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function openOne(draft: string, { data, target, options }: MethodContext): Promise<OpenDrafts> {
  return openDrafts([draft], {
    historyCatalogue: data.catalogue,
    searched: data.searched,
    target,
    histories: data.everyHistory,
    parts: 1,
    settings: { ...options, precision: "fp32" },
  });
}

/** Relaxed verification takes a single draft, and it must have probabilities, which lists have not. */
function isDrawn({ drafts: [draft, ...more] }: MethodName): boolean {
  return (
    draft !== undefined &&
    more.length === 0 &&
    draft !== PREVIOUS &&
    draftTraits(draft).canBeDrawnFrom
  );
}

/**
 * Drafts from lists such as the night before would have left: plain search for the histories without
 * their latest item, with as many items as a draft is wide.
 */
async function previousNight(context: MethodContext): Promise<Drafter> {
  const { data, target, options } = context;
  const before = data.histories.flatMap((row): History[] =>
    row.items.length < 2 ? [] : [{ ...row, items: row.items.slice(0, -1) }],
  );
  const maxUsers = Math.max(options.limit, options.curveLimit);
  const users = usersOf(before.slice(0, maxUsers), { catalogue: data.catalogue, target });
  const decoder = speculativeDecoder(plainSearch(context, options.draftWidth));
  const { outcomes } = await decodeUntimed(context, { users, decoder });
  const lists = new LeafListsBuilder();
  users.forEach(({ name }, at) => {
    lists.add(name, outcomes[at]?.beams.prefixes ?? []);
  });
  return new ListsDrafter(lists.finish());
}
