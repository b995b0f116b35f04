import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { fileHash, inputFiles } from "@nightbeam/dataset";
import { nightbeamVersion, type ProposedCounts, type RunOrigin } from "@nightbeam/run";
import { draftVersion, parseDraftName } from "@nightbeam/settings";
import type { ProgramChoice } from "../program/choose-program.js";

/** The settings that name inputs, and how much is drafted. */
export interface OriginSettings {
  readonly target: string;
  readonly draft: readonly string[];
  readonly draftWidth: "auto" | readonly number[];
  readonly catalogue: string;
  readonly histories: string | readonly string[];
  readonly allow?: string | undefined;
  readonly block?: string | undefined;
  readonly candidates?: string | undefined;
  readonly trainedOn?: string | undefined;
  readonly itemOrder?: string | undefined;
  readonly allowLists?: string | undefined;
  readonly userGroups?: string | undefined;
}

const INPUTS = [
  ...(["target", "catalogue", "histories", "allow", "block"] as const),
  ...(["candidates", "trainedOn", "itemOrder", "allowLists", "userGroups"] as const),
];

/**
 * Describes where a run's lists come from, for its manifest. Files that the plan has no hash of are read.
 *
 * @throws DatasetError
 */
export async function runOrigin(
  settings: OriginSettings,
  about: {
    /** The plan's hashes of the inputs. */
    readonly versions: Readonly<Record<string, string>>;
    readonly device: string;
    readonly choice: ProgramChoice;
    /** Default: no items are proposed. */
    readonly candidates?: ProposedCounts | undefined;
  },
): Promise<RunOrigin> {
  const { versions, device, choice, candidates } = about;
  const inputs: RunOrigin["inputs"] = [];
  for (const name of INPUTS) {
    if (name === "histories") {
      inputs.push(...(await historyInputs(settings.histories, versions.histories)));
      continue;
    }
    const path = settings[name];
    // The plan's hash of a catalogue is that of its content: other files can have the same.
    const known = name === "catalogue" ? undefined : versions[name];
    if (name === "itemOrder" && path === "histories") continue;
    if (path !== undefined) inputs.push(await inputOf({ name, path: placeOf(path), known }));
  }
  const { draft, draftWidth } = settings;
  return {
    nightbeam: await nightbeamVersion(),
    plannedAt: new Date().toISOString(),
    inputs,
    drafts: draftsOf(draft, versions),
    ...(candidates === undefined ? {} : { candidates }),
    draftWidth: draftWidth === "auto" ? draftWidth : [...draftWidth],
    device,
    search: { program: choice.program, reason: choice.reason },
  };
}

/** The files of the histories. The plan's hash is that of all of them: a file has none of its own if there are others. */
async function historyInputs(
  paths: OriginSettings["histories"],
  known: string | undefined,
): Promise<RunOrigin["inputs"]> {
  const files = await inputFiles(paths);
  const name = "histories";
  if (files.length === 1 && files[0] !== undefined) {
    return [await inputOf({ name, path: resolve(files[0].path), known })];
  }
  return Promise.all(
    files.map(async ({ path }) => ({ name, path: resolve(path), bytes: (await stat(path)).size })),
  );
}

/** A path from the root; a bucket's location stays as it is. */
function placeOf(path: string): string {
  return path.includes("://") ? path : resolve(path);
}

async function inputOf(input: {
  readonly name: string;
  readonly path: string;
  readonly known: string | undefined;
}): Promise<RunOrigin["inputs"][number]> {
  const { name, path, known } = input;
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true)
    return { name, path, ...(known === undefined ? {} : { hash: known }) };
  return { name, path, bytes: found.size, hash: known ?? (await fileHash(path)) };
}

function draftsOf(
  names: readonly string[],
  versions: Readonly<Record<string, string>>,
): RunOrigin["drafts"] {
  let models = 0;
  return names.map((text) => {
    const name = parseDraftName(text);
    const { kind } = name;
    if (!("path" in name)) return { kind };
    const path = resolve(name.path);
    const hash = kind === "checkpoint" ? versions[draftVersion(++models)] : undefined;
    return { kind, path, ...(hash === undefined ? {} : { hash }) };
  });
}
