import { createHash } from "node:crypto";
import type { Alarm } from "@nightbeam/api";
import { elapsedMs, isoTime } from "../clock.js";
import type { AlarmMatch, AlarmOptions, NewAlarm } from "./alarm.js";
import { type AlarmDelivery, alarmDelivery } from "./alarm-delivery.js";
import { type AlarmFiles, alarmFiles, alarmId } from "./alarm-files.js";
import { timeLimited } from "./time-limited.js";

/** An alarm that is not cleared, as this scheduler knows it. */
interface Standing {
  readonly alarm: Alarm;
  readonly dismissed: boolean;
  /** False if the store failed when it was raised. */
  readonly stored: boolean;
}

/** Alarms in answers. */
const MAX_LISTED = 200;
/** How old the knowledge of alarms that other schedulers raised may be. */
const FRESH_MS = 5_000;
const KEEP_CLEARED_MS = 7 * 24 * 3_600_000;
const SWEEP_MS = 3_600_000;
const RAISE_TRIES = 3;

/** The alarms as one scheduler knows them. Call one method after the other. */
export class AlarmDesk {
  readonly #options: AlarmOptions;
  readonly #files: AlarmFiles;
  readonly #standing = new Map<string, Standing>();
  /** The number of the last alarm about each subject. */
  readonly #numbers = new Map<string, number>();
  readonly #delivery: AlarmDelivery;
  /** What could not be cleared because the store failed. */
  #unmended: AlarmMatch[] = [];
  #freshUntil = Number.NEGATIVE_INFINITY;
  #sweepAt = Number.NEGATIVE_INFINITY;

  constructor(options: AlarmOptions) {
    this.#options = options;
    this.#files = timeLimited(alarmFiles(options.files));
    this.#delivery = alarmDelivery({ ...options, alarmFiles: this.#files });
  }

  async raise(given: NewAlarm): Promise<void> {
    const key = keyOf(given);
    // Another scheduler may have cleared it: then this is a new one.
    await this.#refresh().catch(() => undefined);
    if (await this.#stands(key)) return this.#changeMessage(key, given.message);
    for (let tries = 0; tries < RAISE_TRIES; tries++) {
      const number = (this.#numbers.get(key) ?? 0) + 1;
      const alarm: Alarm = {
        ...given,
        id: alarmId(key, number),
        at: isoTime(this.#options.clock.now()),
      };
      const created = await this.#files.create(alarm).catch(() => undefined);
      if (created === false) {
        await this.#refresh({ now: true });
        if (this.#standing.has(key)) return;
        continue;
      }
      this.#numbers.set(key, number);
      this.#standing.set(key, { alarm, dismissed: false, stored: created === true });
      this.#options.log.error(alarm, "alarm");
      this.#delivery.send({ ...alarm, event: "raised" });
      return;
    }
  }

  /** Ends the alarms that match. What cannot be stored is tried again. */
  async mend(match: AlarmMatch, fresh: { readonly now?: boolean } = {}): Promise<void> {
    try {
      await this.#refresh(fresh);
      await this.#clear(match);
    } catch (error) {
      this.#unmended = [...this.#unmended, match].slice(-MAX_LISTED);
      throw error;
    }
  }

  async list(): Promise<readonly Alarm[]> {
    // Without the store, what this process knows is better than nothing.
    await this.#refresh({ now: true }).catch((error: unknown) => {
      if (this.#standing.size === 0) throw error;
    });
    return [...this.#standing.values()]
      .filter(({ dismissed }) => !dismissed)
      .map(({ alarm }) => alarm)
      .sort((a, b) => (a.at < b.at ? 1 : -1))
      .slice(0, MAX_LISTED);
  }

  async dismissAll(): Promise<void> {
    await this.#refresh({ now: true });
    for (const [key, one] of this.#standing) {
      if (one.dismissed) continue;
      if (one.stored) await this.#end(one.alarm, "dismissed");
      this.#standing.set(key, { ...one, dismissed: true });
    }
  }

  async #clear(match: AlarmMatch): Promise<void> {
    for (const [key, one] of this.#standing) {
      if (!matches(one.alarm, match)) continue;
      if (one.dismissed) await this.#files.mark(one.alarm.id, "cleared", this.#now());
      else if (one.stored) await this.#end(one.alarm, "cleared");
      else this.#delivery.send({ ...one.alarm, event: "cleared" });
      this.#standing.delete(key);
    }
  }

  /** Of several schedulers, the one that creates the mark sends the event. */
  async #end(alarm: Alarm, mark: "cleared" | "dismissed"): Promise<void> {
    if (!(await this.#files.mark(alarm.id, mark, this.#now()))) return;
    this.#options.log.info({ id: alarm.id, kind: alarm.kind }, `an alarm was ${mark}`);
    this.#delivery.send({ ...alarm, event: "cleared" });
  }

  async #stands(key: string): Promise<boolean> {
    const one = this.#standing.get(key);
    if (one === undefined || !one.stored) return one !== undefined;
    const cleared = await this.#files.has(one.alarm.id, "cleared").catch(() => false);
    if (cleared) this.#standing.delete(key);
    return !cleared;
  }

  async #changeMessage(key: string, message: string): Promise<void> {
    const one = this.#standing.get(key);
    if (one === undefined || one.alarm.message === message) return;
    const alarm = { ...one.alarm, message };
    this.#standing.set(key, { ...one, alarm });
    if (one.stored) await this.#files.replace(alarm);
  }

  /** Reads what other schedulers raised and cleared, and does what the store did not take before. */
  async #refresh({ now = false }: { readonly now?: boolean } = {}): Promise<void> {
    const at = this.#elapsed();
    if (!now && at < this.#freshUntil) return;
    const places = await this.#files.places();
    for (const [key, { id, number, marks }] of places) {
      const known = this.#standing.get(key);
      if (known !== undefined && !known.stored) continue;
      this.#numbers.set(key, number);
      if (marks.has("cleared")) {
        this.#standing.delete(key);
      } else {
        const alarm = known?.alarm.id === id && !now ? known.alarm : await this.#files.read(id);
        if (alarm === undefined) continue;
        this.#standing.set(key, { alarm, dismissed: marks.has("dismissed"), stored: true });
      }
      await this.#delivery.adopt(id, marks);
    }
    for (const [key, one] of this.#standing) {
      if (!one.stored) await this.#storeLate(key, one);
      else if (!places.has(key)) this.#standing.delete(key);
    }
    this.#freshUntil = at + FRESH_MS;
    for (const match of this.#unmended.splice(0)) await this.#clear(match);
    await this.#sweep(at);
  }

  async #storeLate(key: string, one: Standing): Promise<void> {
    await this.#files.create(one.alarm);
    this.#standing.set(key, { ...one, stored: true });
    if (one.dismissed) await this.#files.mark(one.alarm.id, "dismissed", this.#now());
  }

  async #sweep(at: number): Promise<void> {
    if (at < this.#sweepAt) return;
    this.#sweepAt = at + SWEEP_MS;
    await this.#files.removeOld(isoTime(this.#options.clock.now() - KEEP_CLEARED_MS));
  }

  #elapsed(): number {
    return (this.#options.elapsed ?? elapsedMs)();
  }

  #now(): string {
    return isoTime(this.#options.clock.now());
  }
}

function keyOf({ kind, runId, night, subject }: NewAlarm): string {
  const identity = JSON.stringify([kind, runId, night, subject]);
  return createHash("sha256").update(identity).digest("hex").slice(0, 16);
}

function matches(alarm: Alarm, { kind, runId, night, subject, keep }: AlarmMatch): boolean {
  return (
    (kind === undefined || alarm.kind === kind) &&
    (runId === undefined || alarm.runId === runId) &&
    (night === undefined || alarm.night === night) &&
    (subject === undefined || alarm.subject === subject) &&
    keep?.(alarm) !== true
  );
}
