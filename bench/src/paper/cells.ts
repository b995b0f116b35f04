import { readRecord, recordBytes } from "@nightbeam/run";
import { UsageError } from "@nightbeam/service";
import { directoryFiles, type RecordFiles } from "@nightbeam/store";
import { z } from "zod";

/** What is compared, by name. Figures of different settings are never mixed. */
export type Setting = Readonly<Record<string, unknown>>;

const SETTING = "setting.json";

/** The measured cells of a comparison, kept in its directory. */
export class Cells {
  readonly #files: RecordFiles;

  private constructor(files: RecordFiles) {
    this.#files = files;
  }

  /**
   * Begins a comparison, or resumes an interrupted one.
   *
   * @throws UsageError BAD_OPTION if the directory holds another comparison; RunError, StoreError
   */
  static async open(directory: string, setting: Setting): Promise<Cells> {
    const files = directoryFiles(directory);
    const held = await readRecord(files, {
      name: SETTING,
      schema: z.record(z.string(), z.unknown()),
    });
    if (held === undefined) await files.replace(SETTING, recordBytes(setting));
    else {
      const keys = [...new Set([...Object.keys(held), ...Object.keys(setting)])];
      const different = keys.filter(
        (key) => JSON.stringify(held[key]) !== JSON.stringify(setting[key]),
      );
      if (different.length > 0) {
        throw new UsageError(
          "BAD_OPTION",
          `--out ${directory} holds a comparison with another ${different.join(", ")}; give another directory, or the settings of its ${SETTING}`,
        );
      }
    }
    return new Cells(files);
  }

  /** Returns a cell; measures and keeps it first if it is not there. */
  async get<Cell>(
    name: string,
    how: { schema: z.ZodType<Cell>; measure: () => Promise<Cell> },
  ): Promise<Cell> {
    const file = `cells/${name}.json`;
    const held = await readRecord(this.#files, { name: file, schema: how.schema });
    if (held !== undefined) return held;
    const measured = await how.measure();
    await this.#files.replace(file, recordBytes(measured));
    return measured;
  }
}
