import { type Log, reasonOf } from "@nightbeam/service/log";
import type { z } from "zod";
import { type Alarm, alarmListSchema } from "../api/answers.js";
import { type Clock, isoTime } from "../clock.js";
import { documents, type StateFiles } from "../state/documents.js";

/** What somebody should know before the morning. */
export interface Alarms {
  /**
   * Logs an alarm, keeps it and sends it.
   *
   * @param quietMs where the same one was raised less than this ago, nothing happens
   */
  raise(alarm: Omit<Alarm, "at">, quietMs?: number): void;
  /** The last ones of all schedulers on this state, newest first. */
  list(): Promise<readonly Alarm[]>;
  /** Forgets what was raised about a run: it was taken up again, or is complete. */
  drop(runId: string): void;
  /** Forgets all of them. A trouble that goes on is told again when its quiet time is over. */
  clear(): Promise<void>;
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

export function openAlarms({ files, log, clock, send }: AlarmOptions): Alarms {
  const schema: z.ZodType<{ alarms: Alarm[] }> = alarmListSchema;
  const book = documents({ files, folder: "alarms", schema });
  const raised = new Map<string, { readonly at: number; readonly runId: string | undefined }>();
  let writing: Promise<void> = Promise.resolve();
  const read = async () => (await book.get(KEY))?.alarms ?? [];
  const change = async (make: (alarms: readonly Alarm[]) => readonly Alarm[]) => {
    const before = await read();
    const alarms = [...make(before)];
    if (alarms.length !== before.length || alarms[0] !== before[0]) await book.put(KEY, { alarms });
  };
  /** One change after the other; what fails is logged. */
  const later = (make: (alarms: readonly Alarm[]) => readonly Alarm[]) => {
    writing = writing.then(() =>
      change(make).catch((error: unknown) => {
        log.warn({ reason: reasonOf(error) }, "the alarms cannot be kept");
      }),
    );
  };
  return {
    raise: (given, quietMs = 0) => {
      const now = clock.now();
      const subject = JSON.stringify([given.kind, given.runId, given.night, given.message]);
      if (now - (raised.get(subject)?.at ?? Number.NEGATIVE_INFINITY) < quietMs) return;
      raised.set(subject, { at: now, runId: given.runId });
      const alarm: Alarm = { ...given, at: isoTime(now) };
      log.error(alarm, "alarm");
      send?.(alarm);
      later((alarms) => [alarm, ...alarms].slice(0, KEPT));
    },
    drop: (runId) => {
      // What comes back is told again.
      for (const subject of raised.keys()) {
        if (raised.get(subject)?.runId === runId) raised.delete(subject);
      }
      later((alarms) => alarms.filter((alarm) => alarm.runId !== runId));
    },
    clear: async () => {
      const cleared = writing.then(() => change(() => []));
      writing = cleared.catch(() => undefined);
      await cleared;
    },
    list: async () => {
      await writing;
      return read();
    },
    settled: () => writing,
  };
}
