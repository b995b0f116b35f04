import { type Log, reasonOf } from "@nightbeam/service/log";
import type { z } from "zod";
import { type Alarm, alarmListSchema } from "../api/answers.js";
import { isoTime, type WallClock } from "../clock.js";
import { documents, type StateFiles } from "../state/documents.js";

/** Problems that people should know about soon. */
export interface Alarms {
  /**
   * Logs an alarm, stores it and sends it.
   *
   * @param quietMs nothing happens if the same alarm was raised less than this ago
   */
  raise(alarm: Omit<Alarm, "at">, quietMs?: number): void;
  /** The last alarms of all schedulers with this state, newest first. */
  list(): Promise<readonly Alarm[]>;
  /** Removes the alarms of a run, which was resumed or is complete. */
  drop(runId: string): void;
  /** Removes all alarms. A problem that persists is raised again after its quiet time. */
  clear(): Promise<void>;
  /** Waits until all raised alarms are stored. */
  settled(): Promise<void>;
}

export interface AlarmOptions {
  readonly files: StateFiles;
  readonly log: Log;
  readonly clock: WallClock;
  /** Called with every alarm that is raised. */
  readonly send?: ((alarm: Alarm) => void) | undefined;
}

const MAX_ALARMS = 200;
const KEY = "latest";

export function openAlarms({ files, log, clock, send }: AlarmOptions): Alarms {
  const schema: z.ZodType<{ alarms: Alarm[] }> = alarmListSchema;
  const stored = documents({ files, folder: "alarms", schema });
  const raised = new Map<string, { readonly at: number; readonly runId: string | undefined }>();
  let writing: Promise<void> = Promise.resolve();
  const read = async () => (await stored.get(KEY))?.alarms ?? [];
  const change = async (make: (alarms: readonly Alarm[]) => readonly Alarm[]) => {
    const before = await read();
    const alarms = [...make(before)];
    if (alarms.length !== before.length || alarms[0] !== before[0])
      await stored.put(KEY, { alarms });
  };
  /** Makes one change after the other, and logs errors. */
  const later = (make: (alarms: readonly Alarm[]) => readonly Alarm[]) => {
    writing = writing.then(() =>
      change(make).catch((error: unknown) => {
        log.warn({ reason: reasonOf(error) }, "could not store the alarms");
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
      later((alarms) => [alarm, ...alarms].slice(0, MAX_ALARMS));
    },
    drop: (runId) => {
      // The same problem raises a new alarm.
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
