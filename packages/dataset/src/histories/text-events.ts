import type { DuckDBConnection } from "@duckdb/node-api";
import { BIGINT, DOUBLE, VARCHAR } from "@duckdb/node-api";
import { TableWriter } from "../duckdb/append.js";
import type { TextRecord, TextTable } from "../files/text-table.js";
import type { EventTable } from "./event-table.js";
import type { TimeKind } from "./event-time.js";
import { timeKey, timeKind } from "./event-time.js";
import type { ColumnNames } from "./history-source.js";
import { idOf, idProblem } from "./ids.js";

/** Loads the events of a JSONL or CSV file into DuckDB, which spills them to disk if necessary. */
export async function loadTextEvents(options: {
  readonly connection: DuckDBConnection;
  readonly table: TextTable;
  readonly names: ColumnNames;
}): Promise<EventTable> {
  const { connection, table, names } = options;
  await connection.run(
    'CREATE TABLE events ("user" VARCHAR, item VARCHAR, moment DOUBLE, place BIGINT)',
  );
  await connection.run('CREATE TABLE rejects (place BIGINT, "user" VARCHAR, detail VARCHAR)');
  const events = await TableWriter.open({
    connection,
    table: "events",
    types: [VARCHAR, VARCHAR, DOUBLE, BIGINT],
  });
  const rejects = await TableWriter.open({
    connection,
    table: "rejects",
    types: [BIGINT, VARCHAR, VARCHAR],
  });
  const reader = new EventReader(names);
  for await (const lines of table.lines()) {
    for (const line of lines) {
      const event = reader.read(table.parse(line));
      const place = BigInt(line.number);
      if (event.ok) events.add([event.user, event.item, event.moment, place]);
      else rejects.add([place, event.user ?? null, `line ${line.number}: ${event.detail}`]);
    }
  }
  events.close();
  rejects.close();
  return { path: table.path, events: "events", rejects: "rejects" };
}

type Event =
  | { readonly ok: true; readonly user: string; readonly item: string; readonly moment: number }
  | { readonly ok: false; readonly user?: string; readonly detail: string };

/** Reads events one by one. The first usable time determines the kind of times in the file. */
class EventReader {
  readonly #names: ColumnNames;
  #kind: TimeKind | undefined;

  constructor(names: ColumnNames) {
    this.#names = names;
  }

  read(record: TextRecord): Event {
    if (!record.ok) return { ok: false, detail: record.detail };
    const { user: userName, item: itemName, time: timeName } = this.#names;
    const user = idOf(record.values[userName]);
    if (user === undefined) {
      return { ok: false, detail: idProblem(userName, record.values[userName]) };
    }
    const item = idOf(record.values[itemName]);
    if (item === undefined) {
      return { ok: false, user, detail: idProblem(itemName, record.values[itemName]) };
    }
    const time = record.values[timeName];
    this.#kind ??= timeKind(time);
    const moment = this.#kind === undefined ? undefined : timeKey(time, this.#kind);
    if (moment !== undefined) return { ok: true, user, item, moment };
    const expected = this.#kind === "date" ? "an ISO 8601 date" : "a number";
    const kinds = this.#kind === undefined ? "a number or an ISO 8601 date" : expected;
    return { ok: false, user, detail: `${timeName} ${JSON.stringify(time)} is not ${kinds}` };
  }
}
