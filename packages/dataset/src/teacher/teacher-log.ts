import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isTempName, writeDurably } from "@nightbeam/store";
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

/** A directory that a run's teacher data goes to, beside that of other runs. */
export interface TeacherLog {
  /**
   * Writes a part's examples in place of what an earlier try at the part wrote; no examples, no file.
   * Equal examples give equal bytes. The file appears whole or not at all.
   *
   * @returns the file's path, where there is one
   * @throws DatasetError WRITE_FAILED
   */
  write(part: number, examples: readonly TeacherExample[]): Promise<string | undefined>;
}

/**
 * Opens a directory of teacher data, makes it where there is none, and refuses it where its files
 * tell of another target, catalogue or scoring: nothing could be trained on both.
 *
 * @param options.run begins the names of the run's files, and keeps runs apart
 * @throws DatasetError TEACHER_DIFFERS, UNREADABLE, WRITE_FAILED
 */
export async function openTeacherLog(options: {
  readonly directory: string;
  readonly run: string;
  readonly source: TeacherSource;
}): Promise<TeacherLog> {
  const { directory, run, source } = options;
  try {
    await mkdir(directory, { recursive: true });
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
      `${path} is teacher data of another ${key}: ${found.data[key]}, where this run has ` +
        `${wanted[key]}. ${remedy} for this run.`,
    );
  }
}

/** Private names of the same file: a killed process left them, as a part is written by one at a time. */
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
