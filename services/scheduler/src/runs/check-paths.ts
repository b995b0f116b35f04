import { stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { codeOf } from "@nightbeam/service/log";
import { assertRegular, type DataRoots, readProblem, refuseKernelFile } from "@nightbeam/store";
import { SchedulerError } from "../errors.js";

/** How the paths of a request are checked. */
export interface PathRules {
  readonly roots: DataRoots;
  /** Whether a path is final: it has no placeholder and is not a rollout. */
  readonly isKnown: (path: string) => boolean;
}

type PlaceKind = "file" | "directory" | "either";

/** Checks that paths, by the names of their settings, can be read. @throws SchedulerError UNREADABLE_INPUT; StoreError */
export async function assertPlaces(
  places: Readonly<Record<string, string | undefined>>,
  { roots, isKnown, kind }: PathRules & { readonly kind: PlaceKind },
): Promise<void> {
  for (const [name, path] of Object.entries(places)) {
    if (path === undefined || path.startsWith("rollout:")) continue;
    assertAbsolute(name, path);
    await roots.assertInside(path);
    if (isKnown(path)) await assertReadable({ name, path, kind });
  }
}

/**
 * The same for inputs that may be patterns. Patterns and directories are read when the run is planned.
 *
 * @throws SchedulerError UNREADABLE_INPUT; StoreError
 */
export async function assertPatterns(
  inputs: Readonly<Record<string, string | readonly string[] | undefined>>,
  rules: PathRules,
): Promise<void> {
  const named = Object.entries(inputs).flatMap(([name, paths = []]) =>
    [paths].flat().map((path) => [name, path] as const),
  );
  for (const [name, path] of named) {
    const wildcard = path.search(/[*?[]/);
    if (wildcard < 0) await assertPlaces({ [name]: path }, { ...rules, kind: "either" });
    else {
      assertAbsolute(name, path);
      await rules.roots.assertInside(path.slice(0, path.lastIndexOf("/", wildcard) + 1));
    }
  }
}

async function assertReadable(place: {
  readonly name: string;
  readonly path: string;
  readonly kind: PlaceKind;
}): Promise<void> {
  const { name, path, kind } = place;
  try {
    const isDirectory = (await stat(path)).isDirectory();
    if (isDirectory && kind !== "file") await refuseKernelFile(path);
    // Of a directory and of anything but a file it says what it is.
    else if (isDirectory || kind !== "directory") await assertRegular(path);
  } catch (error) {
    const problem =
      codeOf(error) === "ENOENT"
        ? "it does not exist on its machine."
        : readProblem(path, { error }).message;
    throw new SchedulerError(
      "UNREADABLE_INPUT",
      `The scheduler cannot read \`${name}\` ${path}: ${problem} ${placeRemedy(name)}`,
      { cause: error },
    );
  }
}

/** Inputs by user, which drafters get shard by shard. */
const SPLIT: readonly string[] = ["histories", "candidates", "trainedOn"];

function placeRemedy(name: string): string {
  return SPLIT.includes(name)
    ? "Put it where the scheduler has it under this path; no other node reads it."
    : "Scheduler and drafters read paths on their own machines: put the file where all of them have it under the same path.";
}

/** @throws SchedulerError UNREADABLE_INPUT */
export function assertAbsolute(name: string, path: string): void {
  if (isAbsolute(path)) return;
  throw new SchedulerError(
    "UNREADABLE_INPUT",
    `\`${name}\` ${path} is relative, but the scheduler has another working directory. ` +
      "Use an absolute path.",
  );
}
