import type { Alarm, NightList, Nodes, RunStatus, ShardMap } from "@nightbeam/api";
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { rateOf, type Sample, usersDone, withSample } from "./rates.js";

/** The connection over which changes come. */
export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  /** Since when nothing came, in epoch milliseconds; it is tried again. */
  | { readonly state: "lost"; readonly since: number };

/** What the scheduler last said. Undefined: nothing yet. */
export interface Live {
  readonly connection: ReadonlySignal<Connection>;
  /** The latest first. */
  readonly runs: ReadonlySignal<readonly RunStatus[] | undefined>;
  readonly nodes: ReadonlySignal<Nodes | undefined>;
  readonly alarms: ReadonlySignal<readonly Alarm[] | undefined>;
  readonly nights: ReadonlySignal<NightList | undefined>;
  /** The shards of the run that is shown. */
  readonly shards: ReadonlySignal<ShardMap | undefined>;
  /** The scheduler's time, each second, in epoch milliseconds. */
  readonly now: ReadonlySignal<number>;
  /** Users per second of a run, as seen by this page. Undefined while too little is known. */
  rate(runId: string): number | undefined;
  /** Also follows the shards of this run. */
  show(runId: string | undefined): void;
  /** Notes the state of a run that an action returned. */
  note(run: RunStatus): void;
  close(): void;
}

/** The part of an `EventSource` that is used. */
export interface EventStream {
  readonly readyState: number;
  addEventListener(name: string, listener: (event: { readonly data: string }) => void): void;
  close(): void;
}

export interface LiveOptions {
  /** Opens the stream of events. */
  readonly open: (path: string) => EventStream;
  /** Called when the stream could not be opened: the login may have ended. */
  readonly onRefused: () => void;
  /** Called when the scheduler has another version of this page. */
  readonly onNewPage: () => void;
  /** Identifies the version of this page. */
  readonly page: string;
}

/** Something comes at least every 3 s, see the scheduler's event stream. */
const SILENT_MS = 8_000;
/** The state of a stream that the server refused; after other errors the browser would try again. */
const CLOSED = 2;
const RETRY_MS = 1_000;

export function openLive(options: LiveOptions): Live {
  const connection = signal<Connection>({ state: "connecting" });
  const runs = signal<readonly RunStatus[] | undefined>(undefined);
  const nodes = signal<Nodes | undefined>(undefined);
  const alarms = signal<readonly Alarm[] | undefined>(undefined);
  const nights = signal<NightList | undefined>(undefined);
  const shards = signal<ShardMap | undefined>(undefined);
  const now = signal(Date.now());
  const samples = new Map<string, readonly Sample[]>();
  let shown: string | undefined;
  let source: EventStream | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  /** The scheduler's clock minus this machine's. */
  let offset = 0;
  let heardAt = Date.now();

  const put = (changed: readonly RunStatus[], gone: readonly string[]) => {
    const byId = new Map((runs.value ?? []).map((run) => [run.id, run]));
    for (const id of gone) byId.delete(id);
    for (const run of changed) {
      byId.set(run.id, run);
      const sample = { at: now.value, users: usersDone(run) };
      samples.set(run.id, withSample(samples.get(run.id) ?? [], sample));
    }
    runs.value = [...byId.values()].sort((a, b) => (a.submittedAt < b.submittedAt ? 1 : -1));
  };
  const heard = () => {
    heardAt = Date.now();
    if (connection.value.state !== "open") connection.value = { state: "open" };
  };
  const lose = () => {
    if (connection.value.state !== "lost") connection.value = { state: "lost", since: heardAt };
  };
  const connect = () => {
    clearTimeout(retry);
    source?.close();
    const run = shown === undefined ? "" : `?run=${encodeURIComponent(shown)}`;
    const opened = options.open(`/v1/events${run}`);
    source = opened;
    let isFirst = true;
    const on = <Data>(name: string, take: (data: Data) => void) => {
      opened.addEventListener(name, (event) => {
        if (source !== opened) return;
        batch(() => {
          heard();
          take(JSON.parse(event.data));
        });
      });
    };
    on<{ now: number; page: string }>("hello", (hello) => {
      offset = hello.now - Date.now();
      now.value = hello.now;
      if (hello.page !== options.page) options.onNewPage();
    });
    on<{ now: number }>("ping", (ping) => {
      offset = ping.now - Date.now();
    });
    on<{ changed: RunStatus[]; gone: string[] }>("runs", ({ changed, gone }) => {
      // The first one has all runs, so what is not in it is gone.
      if (isFirst) runs.value = undefined;
      isFirst = false;
      put(changed, gone);
    });
    on<Nodes>("nodes", (value) => {
      nodes.value = value;
    });
    on<readonly Alarm[]>("alarms", (value) => {
      alarms.value = value;
    });
    on<NightList>("nights", (value) => {
      nights.value = value;
    });
    on<ShardMap>("shards", (value) => {
      shards.value = value;
    });
    opened.addEventListener("error", () => {
      if (source !== opened) return;
      lose();
      if (opened.readyState === CLOSED) options.onRefused();
      opened.close();
      clearTimeout(retry);
      retry = setTimeout(connect, RETRY_MS);
    });
  };
  /** Once, also if the view changes at the same time. */
  const connectSoon = () => {
    clearTimeout(retry);
    retry = setTimeout(connect, 0);
  };
  const tick = setInterval(() => {
    now.value = Date.now() + offset;
    if (Date.now() - heardAt < SILENT_MS || connection.value.state === "lost") return;
    lose();
    connect();
  }, 1_000);
  connectSoon();
  return {
    ...{ connection, runs, nodes, alarms, nights, shards, now },
    rate: (runId) => rateOf(samples.get(runId) ?? [], now.value),
    show: (runId) => {
      if (shown === runId) return;
      shown = runId;
      shards.value = undefined;
      connectSoon();
    },
    note: (run) => put([run], []),
    close: () => {
      clearInterval(tick);
      clearTimeout(retry);
      source?.close();
    },
  };
}
