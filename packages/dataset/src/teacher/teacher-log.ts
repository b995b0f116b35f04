import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isTempName, makeDirectory, writeDurably } from "@nightbeam/store";
import { DatasetError, readFailure, writeFailure } from "../errors.js";
import { partName } from "../recommendations/write-part.js";
import type { TeacherExample } from "./example.js";
import { readMetadata } from "./safetensors.js";
import {
  encodeTeacherData,
  metadataOf,
  type TeacherSource,
  teacherMetadata,
} from "./teacher-data.js";

/** A directory for the teacher data of a run; it may hold that of other runs as well. */
export interface TeacherLog {
  /**
   * Writes the examples of a part, replacing those of an earlier attempt. Without examples there is no
   * file. Equal examples give equal bytes. The file is complete or absent.
   *
   * @returns the path of the file, if there is one
   * @throws DatasetError WRITE_FAILED
   */
  write(part: number, examples: readonly TeacherExample[]): Promise<string | undefined>;
}

/**
 * Opens a directory of teacher data, and creates it if necessary. Refuses a directory with files for
 * another target, catalogue or scoring: no draft could be trained on both.
 *
 * @param options.run the prefix of the names of the run's files, different for every run
 * @throws DatasetError TEACHER_DIFFERS, UNREADABLE, WRITE_FAILED
 */
export async function openTeacherLog(options: {
  readonly directory: string;
  readonly run: string;
  readonly source: TeacherSource;
}): Promise<TeacherLog> {
  const { directory, run, source } = options;
  try {
    await makeDirectory(directory);
  } catch (error) {
    throw writeFailure(directory, error);
  }
  for (const name of await namesIn(directory)) {
    if (name.endsWith(".safetensors")) await checkFile(join(directory, name), source);
  }
  return {
    async write(part, examples) {
      if (examples.length === 0) return undefined;
      const path = join(directory, `${run}-${partName(part)}.safetensors`);
      await writeDurably(path, encodeTeacherData(source, examples));
      await removeLeftovers(path);
      return path;
    },
  };
}

/** @throws DatasetError TEACHER_DIFFERS, UNREADABLE */
async function checkFile(path: string, source: TeacherSource): Promise<void> {
  const remedy = "Name another --teacher-log";
  const found = teacherMetadata.safeParse(await readMetadata(path));
  if (!found.success) {
    throw new DatasetError(
      "TEACHER_DIFFERS",
      `${path} is not teacher data of version 1. ${remedy}, or move the file elsewhere.`,
    );
  }
  const wanted = metadataOf(source);
  for (const key of ["target", "catalogue", "scoring", "levels"] as const) {
    if (found.data[key] === wanted[key]) continue;
    throw new DatasetError(
      "TEACHER_DIFFERS",
      `${path} is teacher data of another ${key}: ${found.data[key]}, but this run has ` +
        `${wanted[key]}. ${remedy} for this run.`,
    );
  }
}

/** Removes temporary files of killed processes; only one process at a time writes a part. */
async function removeLeftovers(path: string): Promise<void> {
  const directory = dirname(path);
  for (const name of await namesIn(directory)) {
    const isOurs = isTempName(name) && name.startsWith(`.${basename(path)}.`);
    if (isOurs) await rm(join(directory, name), { force: true });
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).toSorted();
  } catch (error) {
    throw readFailure(directory, error);
  }
}
