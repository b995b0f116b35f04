import { execFileSync } from "node:child_process";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "../support/place.js";
import type { FaultKind } from "./kind.js";
import { pick } from "./nodes.js";

/** Fills a file system to the last byte. Returns what empties it again. */
function fill(directory: string): () => void {
  const filler = join(directory, "filler");
  const { bavail, bsize } = statfsSync(directory);
  try {
    writeFileSync(filler, Buffer.alloc(bavail * bsize));
  } catch {
    // Others wrote meanwhile: what fits is in the file.
  }
  return () => rmSync(filler, { force: true });
}

/** Mounts again as read-only, once no file is open for writing. */
async function readOnly(directory: string): Promise<() => void> {
  const remount = (mode: string) =>
    execFileSync("mount", ["-o", `remount,${mode}`, directory], { stdio: "ignore" });
  for (let tries = 0; ; tries++) {
    try {
      remount("ro");
      return () => remount("rw");
    } catch (error) {
      if (tries === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function ofDirectory(
  what: string,
  { touches, of }: { touches: "store" | "scheduler"; of: (place: Place) => string },
): FaultKind[] {
  const needs = touches === "store" ? (["mount", "directory"] as const) : (["mount"] as const);
  return [
    {
      name: `${what} is full`,
      touches: [touches],
      needs,
      begin: async (place) => {
        const empty = fill(of(place));
        return async () => empty();
      },
    },
    {
      name: `${what} is read-only`,
      touches: [touches],
      needs,
      begin: async (place) => {
        const writable = await readOnly(of(place));
        return async () => writable();
      },
    },
  ];
}

function ofS3(what: string, fault: { status: number; code: string }): FaultKind {
  return {
    name: `S3 ${what}`,
    touches: ["store"],
    needs: ["s3"],
    begin: async ({ s3 }) => {
      s3.refuseAll(fault);
      return async () => s3.refuseAll();
    },
  };
}

/** Faults of the store and of the scheduler's state. */
export const STORE_FAULTS: readonly FaultKind[] = [
  ...ofDirectory("the store", { touches: "store", of: ({ nights }) => nights }),
  ...ofDirectory("the scheduler's state", { touches: "scheduler", of: ({ state }) => state }),
  {
    name: "the store is not mounted on a drafter",
    touches: ["store", "drafters"],
    needs: ["mount", "directory"],
    begin: async ({ drafters, nights }, random) => {
      const { node } = pick(drafters, random);
      const inside = (...command: string[]) =>
        execFileSync("nsenter", ["-t", `${node.pid}`, "-m", ...command], { stdio: "ignore" });
      inside("mount", "-t", "tmpfs", "-o", "size=1m", "none", nights);
      // Lazy: the drafter may have a file open there.
      return async () => void inside("umount", "-l", nights);
    },
  },
  ofS3("answers 503", { status: 503, code: "SlowDown" }),
  ofS3("answers 500", { status: 500, code: "InternalError" }),
  ofS3("says that the credentials have expired", { status: 403, code: "ExpiredToken" }),
  {
    name: "S3 does not answer",
    touches: ["store"],
    needs: ["s3"],
    begin: async ({ s3Link }) => {
      s3Link.silence();
      return async () => {
        s3Link.open();
        s3Link.reset();
      };
    },
  },
  {
    name: "S3 refuses connections",
    touches: ["store"],
    needs: ["s3"],
    begin: async ({ s3Link }) => {
      s3Link.refuse();
      return async () => s3Link.open();
    },
  },
  {
    name: "S3 is slow",
    touches: ["store"],
    needs: ["s3"],
    begin: async ({ s3Link }) => {
      s3Link.open(200);
      return async () => s3Link.open();
    },
  },
];
