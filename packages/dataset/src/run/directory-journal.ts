import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DatasetError, readFailure, reasonOf, systemCode } from "../errors.js";
import { createDurably, writeDurably } from "../files/durable.js";
import type { Journal } from "./journal.js";
import { planFileSchema } from "./plan.js";
import type { PartRecord } from "./records.js";
import { manifestSchema, partRecordSchema } from "./records.js";
import { COMMITS_DIRECTORY, commitFile, MANIFEST_FILE, PLAN_FILE } from "./run-files.js";

/** A journal of files in a run's directory; the directory and its `commits` must exist for writes. */
export function directoryJournal(dir: string): Journal {
  const planPath = join(dir, PLAN_FILE);
  const manifestPath = join(dir, MANIFEST_FILE);
  const readCommit = async (index: number): Promise<PartRecord> => {
    const path = join(dir, commitFile(index));
    const record = await readRecord(path, partRecordSchema);
    if (record?.index === index) return record;
    throw damaged(path, "the record is another part's, or gone");
  };
  return {
    readPlan: async () => (await readRecord(planPath, planFileSchema))?.plan,
    createPlan: (plan) => createDurably(planPath, toText({ planVersion: 1, plan })),
    readCommits: async () => {
      const indices = await committedIndices(join(dir, COMMITS_DIRECTORY));
      return Promise.all(indices.map(readCommit));
    },
    commit: async (record) => {
      const created = await createDurably(join(dir, commitFile(record.index)), toText(record));
      return { created, record: created ? record : await readCommit(record.index) };
    },
    readManifest: () => readRecord(manifestPath, manifestSchema),
    writeManifest: (manifest) => writeDurably(manifestPath, toText(manifest)),
  };
}

async function committedIndices(path: string): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw readFailure(path, error);
  }
  const indices = names.flatMap((name) => /^part-(\d+)\.json$/.exec(name)?.[1] ?? []).map(Number);
  return indices.toSorted((a, b) => a - b);
}

async function readRecord<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw readFailure(path, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(path, reasonOf(error));
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw damaged(path, z.prettifyError(parsed.error).replaceAll("\n", " "));
}

function damaged(path: string, problem: string): DatasetError {
  return new DatasetError(
    "RUN_DAMAGED",
    `${path} is damaged or of another version (${problem}). ` +
      "Remove a damaged commit record to have its part made again; else start in another directory.",
  );
}

function toText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
