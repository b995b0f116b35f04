import type { NightList, NightStatus, RunStatus, Submission } from "@nightbeam/api";
import {
  assertKeepable,
  type JobQueues,
  type ListedNight,
  lastNight,
  listNights,
  missedNight,
  type Night,
  nextNight,
  putNight,
  removeNight,
} from "@nightbeam/queue";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { Recorder, Tracing } from "@nightbeam/telemetry";
import type { Alarms } from "../alarms/alarms.js";
import { isoTime, type WallClock } from "../clock.js";
import type { NightRequest } from "../http/night-routes.js";
import type { PublicationDesk } from "../publications/publication-desk.js";
import { requireRedis } from "../runs/retry-missing.js";
import type { RunRegistry } from "../runs/run-registry.js";
import { timesOfNight } from "../runs/run-times.js";
import { documents, type StateFiles } from "../state/documents.js";
import { keyedMutex } from "../state/mutex.js";
import { readEach } from "../state/read-each.js";
import { assertOutFree } from "./night-place.js";
import {
  assertDated,
  type NightRecord,
  nightDates,
  nightRecordSchema,
  requestOfDate,
} from "./night-record.js";

export interface NightScheduleOptions {
  readonly files: StateFiles;
  readonly queues: JobQueues;
  readonly runs: Pick<RunRegistry, "start" | "get">;
  readonly alarms: Pick<Alarms, "raise" | "mend">;
  /** Refuses paths that work on no date. */
  readonly check: (request: Submission) => Promise<void>;
  /** Refuses a location that holds a run of one machine. */
  readonly refuseForeignRun: (out: string) => Promise<void>;
  readonly publications: Pick<PublicationDesk, "assertPossible">;
  readonly clock: WallClock;
  readonly metrics: Recorder;
  readonly tracing: Tracing;
  readonly log: Log;
  /** How late a night may start before it counts as missed. */
  readonly graceMs: number;
}

/** The alarms that are about a night and not about one of its runs. */
const NIGHT_KINDS = ["night_failed", "night_missed"] as const;

/** Dates that are looked at for a complete run. */
const MAX_DATES_BACK = 14;

/** Runs that start by a timetable. The state store has the record; the schedules in Redis are derived from it. */
export class NightSchedule {
  readonly #options: NightScheduleOptions;
  readonly #records;
  readonly #mutex = keyedMutex();

  constructor(options: NightScheduleOptions) {
    this.#options = options;
    const { files } = options;
    this.#records = documents({ files, folder: "nights", schema: nightRecordSchema });
  }

  /** Adds or replaces a night. @throws SchedulerError BAD_REQUEST; QueueError BAD_JOB for an invalid timetable */
  async put(name: string, night: NightRequest): Promise<NightStatus> {
    const { queues, clock, check } = this.#options;
    assertDated(night.request);
    const now = clock.now();
    assertKeepable({ ...night, now });
    this.#options.publications.assertPossible(night.publish);
    await check(night.request);
    const places = { ...this.#options, records: this.#records };
    await assertOutFree({ name, night, now }, places);
    const record: NightRecord = { ...night, putAt: isoTime(clock.now()) };
    await this.#records.put(name, record);
    await putNight(queues, { name, cron: night.cron, timeZone: night.timeZone });
    return this.#status(name, record);
  }

  async list(): Promise<NightList> {
    const { read, unreadable } = await readEach(await this.#records.keys(), async (name) => {
      const record = await this.#records.get(name);
      return record === undefined ? undefined : this.#status(name, record);
    });
    return { nights: [...read], unreadable: [...unreadable] };
  }

  async remove(name: string): Promise<boolean> {
    requireRedis(this.#options.queues);
    // One that cannot be read can be removed.
    const record = await this.#records.get(name).catch(() => undefined);
    await this.#records.remove(name);
    const scheduled = await removeNight(this.#options.queues, name);
    for (const kind of NIGHT_KINDS) this.#options.alarms.mend({ kind, night: name });
    return record !== undefined || scheduled;
  }

  /** Starts the run of the night that is due, for the job of its schedule. @returns undefined if none is to start */
  async fire(name: string): Promise<StartedNight | undefined> {
    const record = await this.#records.get(name);
    if (record === undefined) {
      await removeNight(this.#options.queues, name);
      return undefined;
    }
    const night = lastNight(record, this.#options.clock.now());
    return night === undefined ? undefined : this.#start({ name, record, night });
  }

  /** Restores schedules that Redis has lost, and starts or skips nights that were missed. */
  async watch(): Promise<void> {
    const { queues, clock, graceMs } = this.#options;
    const known = await this.#schedules();
    for (const name of await this.#records.keys()) {
      try {
        const record = await this.#records.get(name);
        if (record === undefined) continue;
        const { cron, timeZone } = record;
        const schedule = known?.get(name);
        const isLost = schedule?.cron !== cron || schedule.timeZone !== timeZone;
        if (known !== undefined && isLost) await putNight(queues, { name, cron, timeZone });
        const since = Date.parse(record.putAt);
        const lastStarted = await this.#lastDate(name);
        const night = missedNight({ ...record, now: clock.now(), graceMs, lastStarted, since });
        if (night !== undefined) await this.#start({ name, record, night });
      } catch (error) {
        this.#reportFailure(name, error);
      }
    }
  }

  /** The schedules in Redis. Undefined without Redis: nights start late then, because nothing else finds them. */
  async #schedules(): Promise<ReadonlyMap<string, ListedNight> | undefined> {
    try {
      return new Map((await listNights(this.#options.queues)).map((night) => [night.name, night]));
    } catch (error) {
      this.#options.log.warn({ reason: reasonOf(error) }, "cannot read the schedules in Redis");
      return undefined;
    }
  }

  /** Starts the run of a night or skips the night, once per date: a run that was cancelled is not started again. */
  #start(due: Due): Promise<StartedNight | undefined> {
    const { name, record, night } = due;
    return this.#mutex.run(name, async () => {
      const { runs, alarms, clock, graceMs, tracing, log } = this.#options;
      const { date } = night;
      const dates = this.#dates(name);
      const before = await dates.get(date);
      if (before !== undefined) {
        return before.runId === undefined ? undefined : { runId: before.runId, created: false };
      }
      const late = clock.now() - night.startsAt > graceMs;
      if (late) {
        const fate = record.missed === "run" ? "It is started late" : "It is skipped";
        const due = `${isoTime(night.startsAt).slice(0, 16)}Z`;
        const message = `Night ${name} of ${date} did not start at ${due}. ${fate}.`;
        alarms.raise({ kind: "night_missed", night: name, subject: date, message });
        if (record.missed === "skip") {
          await dates.create(date, { at: isoTime(clock.now()) });
          return undefined;
        }
      }
      const times = timesOfNight(record, { startsAt: night.startsAt, now: clock.now() });
      const attributes = { "nightbeam.night": name, "nightbeam.date": date };
      const lastComplete = await this.#lastComplete(name, date);
      const started = await tracing.within("start night", { attributes }, () =>
        runs.start(requestOfDate(record.request, date), {
          night: name,
          ...(lastComplete === undefined ? {} : { lastComplete }),
          ...times,
          ...(record.priority === undefined ? {} : { priority: record.priority }),
          ...(record.publish === undefined ? {} : { publish: record.publish }),
        }),
      );
      alarms.mend({ kind: "night_failed", night: name });
      if (!late) alarms.mend({ kind: "night_missed", night: name });
      if (started.outcome === "created") {
        this.#options.metrics.add("nightbeam.nights.started", 1, { night: name });
      }
      await dates.create(date, { runId: started.run.id, at: isoTime(clock.now()) });
      log.info({ night: name, date, runId: started.run.id, late }, "started a night");
      return { runId: started.run.id, created: started.outcome === "created" };
    });
  }

  #reportFailure(name: string, error: unknown): void {
    const { alarms, log } = this.#options;
    const reason = reasonOf(error);
    log.warn({ night: name, error }, "cannot start a night");
    const message = `Night ${name} cannot start: ${reason}.`;
    alarms.raise({ kind: "night_failed", night: name, message });
  }

  #dates(name: string) {
    return nightDates(this.#options.files, name);
  }

  async #lastDate(name: string): Promise<string | undefined> {
    return (await this.#dates(name).keys()).at(-1);
  }

  /** Where the last complete run of the night before a date wrote its lists. */
  async #lastComplete(name: string, date: string): Promise<string | undefined> {
    const dates = (await this.#dates(name).keys()).filter((other) => other < date);
    for (const before of dates.slice(-MAX_DATES_BACK).reverse()) {
      const run = await this.#runOf(name, before);
      if (run?.state === "complete") return run.out;
    }
    return undefined;
  }

  async #status(name: string, record: NightRecord): Promise<NightStatus> {
    const next = nextNight(record, this.#options.clock.now());
    const lastDate = await this.#lastDate(name);
    const lastRun = lastDate === undefined ? undefined : await this.#runOf(name, lastDate);
    return {
      name,
      ...record,
      ...(next === undefined ? {} : { nextAt: isoTime(next.startsAt) }),
      ...(lastDate === undefined ? {} : { lastDate }),
      ...(lastRun === undefined ? {} : { lastRun: { id: lastRun.id, state: lastRun.state } }),
    };
  }

  async #runOf(name: string, date: string): Promise<RunStatus | undefined> {
    const runId = (await this.#dates(name).get(date))?.runId;
    return runId === undefined ? undefined : this.#options.runs.get(runId);
  }
}

/** The run of a night. */
export interface StartedNight {
  readonly runId: string;
  readonly created: boolean;
}

interface Due {
  readonly name: string;
  readonly record: NightRecord;
  readonly night: Night;
}
