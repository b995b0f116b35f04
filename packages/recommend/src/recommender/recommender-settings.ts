import type { Catalogue } from "@nightbeam/catalogue";
import type { Drafter } from "@nightbeam/decoding";
import {
  checkRules,
  historiesProblem,
  historyFields,
  listFields,
  machineFields,
  objectProblem,
  placeFields,
  SettingsError,
  usualBeamWidth,
} from "@nightbeam/settings";
import { z } from "zod";

const { target: text } = placeFields;

const DRAFT = "give a name such as a checkpoint's directory, a Drafter, or a list of these";

const draft = z.union(
  [text, z.custom<Drafter>((value) => hasMethod(value, "draft") && hasMethod(value, "release"))],
  DRAFT,
);

const itemIds = z.union([text, z.array(z.string())], "give a file, or a list of item ids");

/** The settings of `openRecommender`. The keys that `nightbeam recommend` has mean the same. */
export const recommenderFields = z.strictObject(
  {
    target: placeFields.target,
    /** Names as `parseDraftName` reads them, or `Drafter` objects. Default: no drafts. */
    draft: z.union([draft.transform((one) => [one]), z.array(draft)], DRAFT).default([]),
    /** A file, or a catalogue that `openCatalogue` returned. */
    catalogue: z.union(
      [text, z.custom<Catalogue>((value) => hasMethod(value, "itemIndex"))],
      "give a file, or a catalogue that openCatalogue returned",
    ),
    /** Files of histories. Drafts that count in them need these. */
    histories: placeFields.histories.exactOptional(),
    columns: historyFields.columns,
    /** The only items to recommend: a file, or their ids. */
    allow: itemIds.exactOptional(),
    /** Items that are never recommended: a file, or their ids. */
    block: itemIds.exactOptional(),
    /** The items that users of each group may get: a place, or items by group. Users then name their groups. */
    allowLists: z
      .union([text, z.record(z.string(), z.array(z.string()))], "give a place, or items by group")
      .exactOptional(),
    ...listFields,
    /** As for `nightbeam recommend`, or ids, best first. */
    itemOrder: itemIds.exactOptional(),
    ...machineFields,
  },
  { error: objectProblem },
);

const recommenderSchema = recommenderFields
  .superRefine((settings, context) => {
    // A custom drafter may have probabilities to draw by, as a checkpoint has.
    const names = settings.draft.map((one) => (typeof one === "string" ? one : "./drafter"));
    checkRules({ ...settings, draft: names }, context);
    const message = historiesProblem({ ...settings, draft: names });
    if (message !== undefined) context.addIssue({ code: "custom", message });
  })
  .transform((settings) => ({
    ...settings,
    beamWidth: settings.beamWidth ?? usualBeamWidth(settings),
  }));

/** Settings as a caller writes them: `target` and `catalogue` are required. */
export type RecommenderSettings = z.input<typeof recommenderFields>;

/** Settings with the defaults. */
export type ParsedRecommenderSettings = Readonly<z.output<typeof recommenderSchema>>;

/** @throws SettingsError BAD_SETTINGS, naming every key that is wrong and what to give instead */
export function parseRecommenderSettings(value: unknown): ParsedRecommenderSettings {
  const parsed = recommenderSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SettingsError("BAD_SETTINGS", parsed.error.issues, { cause: parsed.error });
}

function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is Record<Name, (...args: never[]) => unknown> {
  const has = typeof value === "object" && value !== null && name in value;
  return has && typeof Reflect.get(value, name) === "function";
}
