import { type Alarm, alarmSchema } from "@nightbeam/api";
import { z } from "zod";
import { documents, type StateFiles } from "../state/documents.js";

/** What can happen to an alarm besides being raised. Each is a file that is created once. */
export type AlarmMark =
  /** The problem has ended. */
  | "cleared"
  /** A user removed it from the list; the problem may last. */
  | "dismissed"
  /** The webhook has taken the message that it was raised. */
  | "sent-raised"
  /** The webhook has taken the message that it was cleared. */
  | "sent-cleared";

/** The last alarm about a subject. */
export interface AlarmPlace {
  readonly id: string;
  /** Which alarm about its subject this is, from 1. */
  readonly number: number;
  readonly marks: ReadonlySet<AlarmMark>;
}

/**
 * The alarms of all schedulers with this state. Each alarm is a file, numbered per subject, and so is each thing that
 * happens to it. Files are created and never changed but for the message, so of several schedulers that raise or clear
 * an alarm at once exactly one does.
 */
export interface AlarmFiles {
  /** The last alarm of each subject, cleared ones included. */
  places(): Promise<ReadonlyMap<string, AlarmPlace>>;
  /** Undefined if it is gone or cannot be read: one bad file must not hide the others. */
  read(id: string): Promise<Alarm | undefined>;
  /** Stores an alarm under its id. @returns false if another scheduler did */
  create(alarm: Alarm): Promise<boolean>;
  /** Replaces the message. */
  replace(alarm: Alarm): Promise<void>;
  /** @returns false if it has the mark already */
  mark(id: string, mark: AlarmMark, at: string): Promise<boolean>;
  has(id: string, mark: AlarmMark): Promise<boolean>;
  /** Removes alarms that were cleared before a time. */
  removeOld(before: string): Promise<void>;
}

const MARKS = ["cleared", "dismissed", "sent-raised", "sent-cleared"] as const;
const FOLDER = "alarms";
const NAME = /^([a-z-]+)\/([0-9a-f]+)-(\d+)\.json$/;

const markSchema = z.object({ at: z.iso.datetime() });

/** The id of an alarm: its subject's key and its number. */
export function alarmId(key: string, number: number): string {
  return `${key}-${number}`;
}

export function alarmFiles(files: StateFiles): AlarmFiles {
  const raised = documents({ files, folder: `${FOLDER}/raised`, schema: alarmSchema });
  const marked = (mark: AlarmMark) =>
    documents({ files, folder: `${FOLDER}/${mark}`, schema: markSchema });
  const list = async () => {
    const found: { folder: string; key: string; number: number }[] = [];
    for (const name of await files.list(FOLDER)) {
      const [, folder, key, number] = NAME.exec(name) ?? [];
      if (folder === undefined || key === undefined) continue;
      found.push({ folder, key, number: Number(number) });
    }
    return found;
  };
  return {
    places: async () => {
      const all = await list();
      const last = new Map<string, number>();
      for (const { folder, key, number } of all) {
        if (folder === "raised") last.set(key, Math.max(number, last.get(key) ?? 0));
      }
      return new Map(
        [...last].map(([key, number]) => {
          const marks = MARKS.filter((mark) =>
            all.some((one) => one.folder === mark && one.key === key && one.number === number),
          );
          return [key, { id: alarmId(key, number), number, marks: new Set(marks) }] as const;
        }),
      );
    },
    read: (id) => raised.get(id).catch(() => undefined),
    create: (alarm) => raised.create(alarm.id, alarm),
    replace: (alarm) => raised.put(alarm.id, alarm),
    mark: (id, mark, at) => marked(mark).create(id, { at }),
    has: async (id, mark) => (await files.read(`${FOLDER}/${mark}/${id}.json`)) !== undefined,
    removeOld: async (before) => {
      for (const { folder, key, number } of await list()) {
        if (folder !== "cleared") continue;
        const id = alarmId(key, number);
        const at = (await marked("cleared").get(id))?.at ?? before;
        if (at >= before) continue;
        for (const mark of MARKS.slice(1)) await marked(mark).remove(id);
        await raised.remove(id);
        await marked("cleared").remove(id);
      }
    },
  };
}
