import { hostPort, nodeName, serviceFields, wholeNumber, words } from "@nightbeam/service";
import { columnsOf, historyFields, listFields, machineFields, widthsOf } from "@nightbeam/settings";
import { z } from "zod";

/** A field of settings, given as the text of a flag. */
function typed<Field extends z.ZodType>(field: Field) {
  return z.preprocess((value) => numberOr(value, field), field).optional();
}

/** A text as a number if the field only takes numbers. */
function numberOr(value: unknown, field: z.ZodType): unknown {
  if (typeof value !== "string" || value.trim() === "") return value;
  const number = Number(value);
  return !field.safeParse(value).success && field.safeParse(number).success ? number : value;
}

const widths = (field: z.ZodType) =>
  z
    .preprocess(
      (value) => (typeof value === "string" && value !== "auto" ? beams(value) : value),
      field,
    )
    .optional();

/** "20" as a number, "40,20,20" as a list. */
function beams(text: string): unknown {
  return text.includes(",") ? widthsOf(text) : Number(text);
}

/** Settings that decide lists, and how models run here: those of `nightbeam recommend`, by the same names. */
const settingFields = {
  target: z.string(),
  catalogue: z.string(),
  draft: words.optional(),
  histories: words.optional(),
  columns: z.preprocess(columnsOf, historyFields.columns).optional(),
  topK: typed(listFields.topK),
  beamWidth: widths(listFields.beamWidth),
  scoring: typed(listFields.scoring),
  precision: typed(listFields.precision),
  verification: typed(listFields.verification),
  seed: typed(listFields.seed),
  temperature: typed(listFields.temperature),
  drafted: typed(listFields.drafted),
  draftWidth: z.preprocess(widthsOf, listFields.draftWidth).optional(),
  search: typed(listFields.search),
  itemOrder: typed(listFields.itemOrder),
  itemsPerPath: typed(listFields.itemsPerPath),
  excludeSeen: z.union([z.boolean(), z.stringbool("give true or false")]).optional(),
  unknownItems: typed(listFields.unknownItems),
  batchSize: typed(listFields.batchSize),
  allow: z.string().optional(),
  block: z.string().optional(),
  allowLists: z.string().optional(),
  device: z.string().optional(),
  workers: typed(machineFields.workers),
  promptCache: typed(machineFields.promptCache),
};

/** Options that change nothing without another one. */
const NEEDING = [
  ["historiesPrefix", "historiesRedis", "--histories-redis, whose keys it begins"],
  ["userGroups", "allowLists", "--allow-lists, the items of each group"],
] as const;

/**
 * The options of `nightbeam serve`; keys are flags in camelCase. The defaults of `settings` are those of a run; they are
 * checked against each other by `parseRecommenderSettings`.
 *
 * @public to run a server in your own process
 */
export const serverSchema = z
  .object({
    ...settingFields,
    duplicateUsers: historyFields.duplicateUsers,
    userGroups: z.string().optional(),
    historiesRedis: z.string().optional(),
    historiesPrefix: z.string().optional(),
    lists: z.string().optional(),
    verifiers: z.string().optional(),
    listen: hostPort({ min: 0, example: 7090 }).prefault("127.0.0.1:7090"),
    grpcListen: hostPort({ min: 0, example: 7091 }).optional(),
    token: z.string().min(16, "use at least 16 characters").optional(),
    latencyMs: wholeNumber(1).default(100),
    maxWaitMs: wholeNumber(0).default(1_000),
    deadlineMs: wholeNumber(1).default(10_000),
    graceMs: wholeNumber(0).default(15_000),
    name: nodeName,
    ...serviceFields,
  })
  .superRefine((options, context) => {
    for (const [key, needed, flag] of NEEDING) {
      if (options[key] === undefined || options[needed] !== undefined) continue;
      context.addIssue({ code: "custom", path: [key], message: `needs ${flag}` });
    }
  })
  .transform((options) => {
    const keys = Object.keys(settingFields);
    const given = Object.entries(options).filter(
      ([key, value]) => keys.includes(key) && value !== undefined,
    );
    const historiesPrefix = options.historiesPrefix ?? "history:";
    return { ...options, historiesPrefix, settings: Object.fromEntries(given) };
  });

export type ServerOptions = z.output<typeof serverSchema>;
