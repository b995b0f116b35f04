import { z } from "zod";
import { DEFAULTS } from "./defaults.js";
import { SettingsError } from "./errors.js";
import {
  answersField,
  candidateFields,
  fileFields,
  filterFields,
  historyFields,
  listFields,
  machineFields,
  objectProblem,
  outField,
  partSizeField,
  placeFields,
  reuseField,
  sampleSearchesField,
  teacherFields,
} from "./fields.js";
import { checkRules, groupsProblem } from "./rules.js";
import { usualBeamWidth } from "./verification.js";

/** The keys of a run on one machine: those of `nightbeam recommend` and of its config file. */
export const recommendFields = z.strictObject(
  {
    ...placeFields,
    out: outField,
    ...historyFields,
    ...listFields,
    ...filterFields,
    ...fileFields,
    partSize: partSizeField(DEFAULTS.partSize),
    sampleSearches: sampleSearchesField.default(DEFAULTS.sampleSearches),
    reuse: reuseField.exactOptional(),
    answers: answersField.default(DEFAULTS.answers),
    ...candidateFields,
    ...machineFields,
    ...teacherFields,
  },
  { error: objectProblem },
);

const recommendSchema = recommendFields
  .superRefine((settings, context) => {
    checkRules(settings, context);
    const message = groupsProblem(settings);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  })
  .transform(({ beamWidth, verification = DEFAULTS.verification, teacherSample, ...settings }) => ({
    ...settings,
    verification,
    beamWidth: beamWidth ?? usualBeamWidth({ ...settings, verification }),
    ...(settings.teacherLog === undefined
      ? {}
      : { teacherSample: teacherSample ?? DEFAULTS.teacherSample }),
  }));

/** Settings of a run on one machine, with the defaults. */
export type RecommendSettings = Readonly<z.output<typeof recommendSchema>>;

/** @throws SettingsError BAD_SETTINGS; BAD_DRAFT */
export function parseRecommendSettings(value: unknown): RecommendSettings {
  const parsed = recommendSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SettingsError("BAD_SETTINGS", parsed.error.issues, { cause: parsed.error });
}
