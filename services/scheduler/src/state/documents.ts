import { jsonProblem, schemaProblem } from "@nightbeam/catalogue";
import type { z } from "zod";
import { SchedulerError } from "../errors.js";

/** The files of the scheduler's state; names are paths with slashes. */
export interface StateFiles {
  readonly location: string;
  /** The text under a name, or undefined. */
  read(name: string): Promise<string | undefined>;
  /** Writes a file unless it exists. @returns whether it was written */
  create(name: string, text: string): Promise<boolean>;
  /** Writes or replaces a file. */
  write(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** The names in a folder, without the folder. */
  list(folder: string): Promise<readonly string[]>;
}

/** Documents of one kind, by key: `<folder>/<key>.json`. */
export interface Documents<Document> {
  get(key: string): Promise<Document | undefined>;
  /** Writes a document unless it exists. @returns whether it was written */
  create(key: string, document: Document): Promise<boolean>;
  put(key: string, document: Document): Promise<void>;
  remove(key: string): Promise<void>;
  /** All keys, sorted. */
  keys(): Promise<readonly string[]>;
}

export interface DocumentsOptions<Document> {
  readonly files: StateFiles;
  readonly folder: string;
  readonly schema: z.ZodType<Document>;
}

const ENDING = ".json";

/** @throws SchedulerError STATE_DAMAGED from `get`; StoreError STORE_FAILED from all methods */
export function documents<Document>(options: DocumentsOptions<Document>): Documents<Document> {
  const { files, folder, schema } = options;
  const nameOf = (key: string) => `${folder}/${key}${ENDING}`;
  const textOf = (document: Document) => `${JSON.stringify(document, null, 2)}\n`;
  return {
    get: async (key) => {
      const name = nameOf(key);
      const text = await files.read(name);
      if (text === undefined) return undefined;
      return parse({ schema, text, place: `${files.location}/${name}` });
    },
    create: (key, document) => files.create(nameOf(key), textOf(document)),
    put: (key, document) => files.write(nameOf(key), textOf(document)),
    remove: (key) => files.remove(nameOf(key)),
    keys: async () => {
      const names = await files.list(folder);
      return names
        .filter((name) => name.endsWith(ENDING) && !name.includes("/"))
        .map((name) => name.slice(0, -ENDING.length))
        .sort();
    },
  };
}

function parse<Document>(options: {
  readonly schema: z.ZodType<Document>;
  readonly text: string;
  readonly place: string;
}): Document {
  const { schema, text, place } = options;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(place, jsonProblem(error));
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw damaged(place, schemaProblem(parsed.error));
}

function damaged(place: string, problem: string): SchedulerError {
  return new SchedulerError(
    "STATE_DAMAGED",
    `${place} is damaged or of another version (${problem}). Remove it, then repeat what had created it.`,
  );
}
