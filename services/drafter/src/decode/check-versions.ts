import { DrafterError } from "../errors.js";

/** A file that must be the same on this node as on the scheduler that planned the run. */
export interface VersionCheck {
  /** What it is, for the message. */
  readonly what: string;
  /** The file or directory it was read from. */
  readonly place: string;
  readonly planned: string | undefined;
  readonly found: string;
}

/** @throws DrafterError VERSION_DIFFERS, naming both hashes and the file */
export function checkVersion({ what, place, planned, found }: VersionCheck): void {
  if (planned === undefined || planned === found) return;
  throw new DrafterError(
    "VERSION_DIFFERS",
    `the ${what} at ${place} is ${found} here, but the run was planned with ${planned}. ` +
      "Give all nodes the same files, then submit the run again.",
  );
}
