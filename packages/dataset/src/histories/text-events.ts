import type { DuckDBConnection } from "@duckdb/node-api";
import { BIGINT, DOUBLE, VARCHAR } from "@duckdb/node-api";
import { excerpt } from "@nightbeam/catalogue";
import { TableWriter } from "../duckdb/append.js";
import type { TextRecord, TextTable } from "../files/text-table.js";
import type { ColumnNames } from "./columns.js";
import type { EventTable } from "./event-table.js";
import { FILE_PLACES } from "./event-table.js";
import { TimeReader } from "./event-time.js";
import { idOf, idProblem } from "./ids.js";

/** The events of a text file. */
export interface TextEvents {
  readonly table: TextTable;
  readonly names: ColumnNames;
  /** Before the place of an event in messages: the name of the file, if there are several. */
  readonly prefix: string;
}

/** Loads the events of text files into DuckDB, which spills them to disk if necessary. */
export async function loadTextEvents(
  connection: DuckDBConnection,
  files: readonly TextEvents[],
  signal?: AbortSignal,
): Promise<EventTable> {
  await connection.run(
    'CREATE OR REPLACE TABLE events ("user" VARCHAR, item VARCHAR, moment DOUBLE, place BIGINT)',
  );
  await connection.run(
    'CREATE OR REPLACE TABLE rejects (place BIGINT, "user" VARCHAR, detail VARCHAR)',
  );
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
  const times = new TimeReader();
  for (const [at, { table, names, prefix }] of files.entries()) {
    for await (const lines of table.lines()) {
      signal?.throwIfAborted();
      for (const line of lines) {
        const event = readEvent(table.parse(line), { names, times });
        const place = BigInt(at) * FILE_PLACES + BigInt(line.number);
        const where = `${prefix}${table.unit} ${line.number}`;
        if (event.ok) events.add([event.user, event.item, event.moment, place]);
        else rejects.add([place, event.user ?? null, `${where}: ${event.detail}`]);
      }
    }
  }
  events.close();
  rejects.close();
  return { path: files[0]?.table.path ?? "", events: "events", rejects: "rejects" };
}

type Event =
  | { readonly ok: true; readonly user: string; readonly item: string; readonly moment: number }
  | { readonly ok: false; readonly user?: string; readonly detail: string };

function readEvent(
  record: TextRecord,
  { names, times }: { readonly names: ColumnNames; readonly times: TimeReader },
): Event {
  if (!record.ok) return { ok: false, detail: record.detail };
  const { [names.user]: owner, [names.item]: thing, [names.time]: time } = record.values;
  const user = idOf(owner);
  if (user === undefined) return { ok: false, detail: idProblem(names.user, owner) };
  const item = idOf(thing);
  if (item === undefined) return { ok: false, user, detail: idProblem(names.item, thing) };
  const moment = times.read(time);
  if (moment !== undefined) return { ok: true, user, item, moment };
  const missing = time === undefined || time === null || time === "";
  const problem = missing ? "is missing" : `${excerpt(time)} is not ${times.expected}`;
  return { ok: false, user, detail: `${names.time} ${problem}` };
}
