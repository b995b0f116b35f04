import { resolve } from "node:path";
import type { SubmitBody } from "@nightbeam/api";
import { withRequired } from "@nightbeam/service";
import {
  assertRunRequest,
  DEFAULTS,
  DRAFT_FORMS,
  draftAt,
  NO_REUSE,
  requestFields,
} from "@nightbeam/settings";
import type { Command } from "commander";
import {
  answersHelp,
  HISTORIES_HELP,
  sampleSearchesHelp,
  withLists,
} from "../options/list-options.js";
import { settingsFrom } from "../options/settings-from.js";

const { shape: fields } = requestFields;

/** Files and directories of this machine, which others must find under the same path. */
const PLACES = [
  ...["target", "catalogue", "histories", "out", "allow", "block"],
  ...["allowLists", "userGroups", "reuse", "candidates", "trainedOn"],
];

export function withRequest(command: Command): Command {
  const places = command
    .option("--target <dir>", "the large model, as the verifiers hold it; or rollout:NAME")
    .option("--draft <name...>", `what drafts: ${DRAFT_FORMS}, or rollout:NAME`)
    .option("--catalogue <file>", "items and their codes, or rollout:NAME")
    .option("--histories <place...>", HISTORIES_HELP)
    .option("--out <place>", "where the lists go: a directory that all nodes share, or s3://…");
  return withRequired(
    withLists(places)
      .option(
        "--device <kind>",
        "what the verifiers run the target on: cpu, cuda or webgpu (default cpu)",
      )
      .option(
        "--part-size <n>",
        `users per shard; a lost node costs one (default ${DEFAULTS.clusterPartSize})`,
      )
      .option(
        "--reuse <run>",
        "a complete run from which the lists of unchanged users are taken; none: compute all (default: none; in a night its last complete run)",
      )
      .option("--answers <what>", answersHelp())
      .option("--sample-searches <n>", sampleSearchesHelp(DEFAULTS.clusterSampleSearches)),
    requestFields,
  );
}

/**
 * Returns flags as a request, checked as the scheduler will check it. Paths are made absolute, because
 * the scheduler and the drafters have other working directories; defaults are left to the scheduler.
 *
 * @throws UsageError BAD_OPTION; SettingsError BAD_DRAFT
 */
export function requestOf(flags: Record<string, unknown>): SubmitBody {
  const given = Object.fromEntries(Object.entries(flags).filter(([key]) => key in fields));
  const { draftWidth, excludeSeen } = DEFAULTS;
  return settingsFrom(
    { draft: [], draftWidth, excludeSeen, ...given },
    {
      fields,
      parse: (values) => {
        const request = absolute(values);
        assertRunRequest(request);
        return request;
      },
    },
  );
}

function absolute(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      if (key === "draft" && Array.isArray(value)) return [key, value.map(absoluteDraft)];
      if (key === "histories" && Array.isArray(value)) return [key, value.map(absolutePlace)];
      return [key, isPlaceOf(key, value) ? absolutePlace(value) : value];
    }),
  );
}

/** Whether a value is a path. */
function isPlaceOf(key: string, value: unknown): boolean {
  if (key === "itemOrder") return value !== "histories";
  return PLACES.includes(key) && !(key === "reuse" && value === NO_REUSE);
}

function absolutePlace(value: unknown): unknown {
  return typeof value === "string" && value.trim() !== "" ? placeOf(value) : value;
}

function absoluteDraft(name: unknown): unknown {
  return typeof name === "string" ? draftAt(name, placeOf) : name;
}

/** `rollout:NAME` and `s3://…` stay as they are. */
function placeOf(text: string): string {
  return /^(?:rollout:|[a-z][a-z0-9+.-]*:\/\/)/i.test(text) ? text : resolve(text);
}
