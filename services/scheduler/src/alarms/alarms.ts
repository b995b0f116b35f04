import { type Log, reasonOf } from "@nightbeam/telemetry";
import type { z } from "zod";
import { type Alarm, alarmListSchema } from "../api/answers.js";
import { type Clock, isoTime } from "../clock.js";
import { documents, type StateFiles } from "../state/documents.js";

/** What somebody should know before the morning. */
export interface AlarmBook {
  /**
   * Logs an alarm, keeps it and sends it.
   *
   * @param quietMs where the same one was raised less than this ago, nothing happens
   */
  raise(alarm: Omit<Alarm, "at">, quietMs?: number): void;
  /** The last ones of all schedulers on this state, newest first. */
  list(): Promise<readonly Alarm[]>;
  /** Waits until what was raised is kept. */
  settled(): Promise<void>;
}

export interface AlarmOptions {
  readonly files: StateFiles;
  readonly log: Log;
  readonly clock: Clock;
  /** Where alarms go besides the log. */
  readonly send?: ((alarm: Alarm) => void) | undefined;
}

/** As many as a person reads. */
const KEPT = 200;
const KEY = "latest";

export function openAlarms({ files, log, clock, send }: AlarmOptions): AlarmBook {
  const schema: z.ZodType<{ alarms: Alarm[] }> = alarmListSchema;
  const book = documents({ files, folder: "alarms", schema });
  const raised = new Map<string, number>();
  let writing: Promise<void> = Promise.resolve();
  const read = async () => (await book.get(KEY))?.alarms ?? [];
  const keep = async (alarm: Alarm) => {
    try {
      const alarms = [alarm, ...(await read())].slice(0, KEPT);
      await book.put(KEY, { alarms });
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, "an alarm cannot be kept");
    }
  };
  return {
    raise: (given, quietMs = 0) => {
      const now = clock.now();
      const subject = JSON.stringify([given.kind, given.runId, given.night, given.message]);
      if (now - (raised.get(subject) ?? Number.NEGATIVE_INFINITY) < quietMs) return;
      raised.set(subject, now);
      const alarm: Alarm = { ...given, at: isoTime(now) };
      log.error(alarm, "alarm");
      send?.(alarm);
      writing = writing.then(() => keep(alarm));
    },
    list: async () => {
      await writing;
      return read();
    },
    settled: () => writing,
  };
}
