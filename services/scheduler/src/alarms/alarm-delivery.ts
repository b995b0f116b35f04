import type { AlarmEvent } from "@nightbeam/api";
import { elapsedMs, isoTime } from "../clock.js";
import type { AlarmOptions } from "./alarm.js";
import type { AlarmFiles, AlarmMark } from "./alarm-files.js";

/** Sends the events of alarms and notes which were taken. */
export interface AlarmDelivery {
  send(event: AlarmEvent): void;
  /** Sends what a scheduler that has ended could not deliver. To be called now and then with every alarm. */
  adopt(id: string, marks: ReadonlySet<AlarmMark>): Promise<void>;
}

export interface AlarmDeliveryOptions extends Pick<AlarmOptions, "outbox" | "clock" | "elapsed"> {
  readonly alarmFiles: AlarmFiles;
}

/** An event that no scheduler has delivered is sent by another one after this. */
const ADOPT_MS = 120_000;

export function alarmDelivery(options: AlarmDeliveryOptions): AlarmDelivery {
  const { outbox, clock, elapsed = elapsedMs, alarmFiles: files } = options;
  /** When an event that is not delivered was first seen. */
  const undelivered = new Map<string, number>();
  const send = (event: AlarmEvent) => {
    const mark = `sent-${event.event}` as const;
    outbox?.send(event, {
      isSent: () => files.has(event.id, mark).catch(() => false),
      onSent: () => {
        files.mark(event.id, mark, isoTime(clock.now())).catch(() => undefined);
      },
    });
  };
  const adopt = async (id: string, marks: ReadonlySet<AlarmMark>) => {
    if (outbox === undefined) return;
    const ended = marks.has("cleared") || marks.has("dismissed");
    // That something ended is news only for those who know that it began.
    const event = marks.has("sent-raised") ? "cleared" : "raised";
    if ((event === "raised") === ended || marks.has(`sent-${event}`)) return;
    if (outbox.isSending({ id, event })) return;
    const name = `${id} ${event}`;
    const since = undelivered.get(name) ?? elapsed();
    undelivered.set(name, since);
    if (elapsed() - since < ADOPT_MS) return;
    undelivered.delete(name);
    const alarm = await files.read(id);
    if (alarm !== undefined) send({ ...alarm, event });
  };
  return { send, adopt };
}
