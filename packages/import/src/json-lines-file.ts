import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { writeFailure } from "@nightbeam/dataset";

const FLUSH_CHARACTERS = 2 ** 20;

/** A new file with one JSON value per line, written as values are added. */
export class JsonLinesFile {
  readonly path: string;
  readonly #file: FileHandle;
  #lines: string[] = [];
  #characters = 0;
  #count = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** @throws DatasetError WRITE_FAILED */
  static async create(path: string): Promise<JsonLinesFile> {
    try {
      return new JsonLinesFile(path, await open(path, "wx"));
    } catch (error) {
      throw writeFailure(path, error);
    }
  }

  /** Lines so far. */
  get count(): number {
    return this.#count;
  }

  add(value: unknown): void {
    const line = `${JSON.stringify(value)}\n`;
    this.#lines.push(line);
    this.#characters += line.length;
    this.#count++;
  }

  /** Writes the values that are buffered; call it regularly. @throws DatasetError WRITE_FAILED */
  async flush(min: number = FLUSH_CHARACTERS): Promise<void> {
    if (this.#characters < min || this.#lines.length === 0) return;
    const text = this.#lines.join("");
    this.#lines = [];
    this.#characters = 0;
    try {
      await this.#file.writeFile(text);
    } catch (error) {
      throw writeFailure(this.path, error);
    }
  }

  /** Writes the rest and syncs it to disk. @throws DatasetError WRITE_FAILED */
  async finish(): Promise<void> {
    await this.flush(0);
    try {
      await this.#file.sync();
    } catch (error) {
      throw writeFailure(this.path, error);
    } finally {
      await this.#file.close();
    }
  }

  /** Closes the file without writing the rest. */
  async abandon(): Promise<void> {
    await this.#file.close();
  }
}

/** Opens several files and closes all of them, also after errors. */
export async function withJsonLines<Name extends string, T>(
  paths: Readonly<Record<Name, string>>,
  work: (files: Readonly<Record<Name, JsonLinesFile>>) => Promise<T>,
): Promise<T>;
export async function withJsonLines<T>(
  paths: Readonly<Record<string, string>>,
  work: (files: Readonly<Record<string, JsonLinesFile>>) => Promise<T>,
): Promise<T> {
  const files: Record<string, JsonLinesFile> = {};
  const open = new Set<JsonLinesFile>();
  try {
    for (const [name, path] of Object.entries(paths)) {
      const file = await JsonLinesFile.create(path);
      files[name] = file;
      open.add(file);
    }
    const result = await work(files);
    for (const file of open) {
      open.delete(file);
      await file.finish();
    }
    return result;
  } finally {
    for (const file of open) await file.abandon();
  }
}
