import { isAbsolute } from "node:path";
import { parseLocation } from "@nightbeam/store";
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
  objectProblem,
  outField,
  partSizeField,
  placeFields,
  reuseField,
  sampleSearchesField,
} from "./fields.js";
import { NO_REUSE } from "./reuse.js";
import { brokenRules, clusterProblem, groupsProblem } from "./rules.js";
import { samplingSettings, usualBeamWidth } from "./verification.js";

const SHARED_PLACE = "give an absolute path that all nodes share, or s3://bucket/prefix";

/** The keys of a request to a cluster: those of one machine, except what only one machine can do. */
export const requestFields = z.strictObject(
  {
    ...placeFields,
    // Every node opens it from its own working directory, so a relative path would be several places.
    out: outField.refine(isSharedPlace, SHARED_PLACE),
    ...historyFields,
    ...listFields,
    ...filterFields,
    ...fileFields,
    partSize: partSizeField(DEFAULTS.clusterPartSize),
    /** Default: `DEFAULTS.clusterSampleSearches`. Not written into requests, so that older drafters can read them. */
    sampleSearches: sampleSearchesField.exactOptional(),
    /** Default: a night's last complete run; otherwise none. */
    reuse: reuseField
      .refine((place) => place === NO_REUSE || isSharedPlace(place), SHARED_PLACE)
      .exactOptional(),
    /** Default: `DEFAULTS.answers`. Not written into requests, as above. */
    answers: answersField.exactOptional(),
    ...candidateFields,
    /** The verifiers' kind of device. Default: cpu. */
    device: z.enum(["cpu", "cuda", "webgpu"], "give cpu, cuda or webgpu").exactOptional(),
  },
  { error: objectProblem },
);

/**
 * A request to a cluster. Parsing adds the defaults, so that a request that is parsed again is the
 * same; strict lists are those of requests without `verification`.
 */
export const runRequestSchema = requestFields
  .superRefine((request, context) => {
    const broken = [...brokenRules(request), ...[groupsProblem(request) ?? []].flat()];
    const problem = broken.length === 0 ? clusterProblem(request) : undefined;
    for (const message of problem === undefined ? broken : [problem]) {
      context.addIssue({ code: "custom", message });
    }
  })
  .transform(({ verification, ...request }) => ({
    ...request,
    ...samplingSettings({ ...request, verification }),
    beamWidth: request.beamWidth ?? usualBeamWidth({ ...request, verification }),
  }));

/** A request as a client writes it. */
export type RunRequestInput = z.input<typeof requestFields>;
/** A request with the defaults. */
export type RunRequest = Readonly<z.output<typeof runRequestSchema>>;

/** @throws SettingsError BAD_REQUEST, with every key that is wrong and what to give instead */
export function parseRunRequest(value: unknown): RunRequest {
  const parsed = runRequestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SettingsError("BAD_REQUEST", parsed.error.issues, { cause: parsed.error });
}

/** Checks a request without adding the defaults. @throws SettingsError BAD_REQUEST */
export function assertRunRequest(value: unknown): asserts value is RunRequestInput {
  parseRunRequest(value);
}

function isSharedPlace(location: string): boolean {
  try {
    const parsed = parseLocation(location);
    return parsed.kind === "s3" || isAbsolute(parsed.path);
  } catch {
    return false;
  }
}
