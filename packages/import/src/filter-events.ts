import type { DuckDBConnection } from "@duckdb/node-api";
import { queryNumber } from "@nightbeam/dataset";

/**
 * An event's moment and place in one number, moment * 2^40 + place, so that one comparison orders
 * events by time and ties by line. Moments are below 2^53, lines below 2^40: it fits a HUGEINT.
 */
export const KEY_STEP = "1099511627776::HUGEINT";

/** Counts of kept and dropped events. */
export interface FilterCounts {
  readonly repeated: number;
  /** Rounds until every user and item had enough events. */
  readonly coreRounds: number;
  readonly outsideCore: number;
  readonly users: number;
  readonly items: number;
  readonly events: number;
}

/**
 * Turns `raw` into `users` (id, name), `items` (id, name), numbered in the order of the file, and
 * `events` (u, i, key): the first event of each user and item, and of those the largest set in which
 * every user and every item has `core` events or more. A core of 0 or 1 keeps all.
 */
export async function filterEvents(
  connection: DuckDBConnection,
  core: number,
): Promise<FilterCounts> {
  const count = () => queryNumber(connection, "SELECT count(*) FROM events");
  const read = await queryNumber(connection, "SELECT count(*) FROM raw");
  for (const [table, column] of [
    ["users", "user"],
    ["items", "item"],
  ]) {
    await connection.run(
      `CREATE TABLE ${table} AS SELECT "${column}" AS name, row_number() OVER (ORDER BY min(place)) AS id
       FROM raw GROUP BY "${column}"`,
    );
  }
  await connection.run(
    `CREATE TABLE events AS
     SELECT users.id AS u, items.id AS i, min(moment * ${KEY_STEP} + place) AS key
     FROM raw JOIN users ON raw."user" = users.name JOIN items ON raw.item = items.name
     GROUP BY users.id, items.id`,
  );
  await connection.run("DROP TABLE raw");
  const distinct = await count();
  let left = distinct;
  let coreRounds = 0;
  while (core > 1 && left > 0) {
    await keepEnough(connection, core);
    const before = left;
    left = await count();
    if (left === before) break;
    coreRounds++;
  }
  return {
    repeated: read - distinct,
    coreRounds,
    outsideCore: distinct - left,
    users: await queryNumber(connection, "SELECT count(DISTINCT u) FROM events"),
    items: await queryNumber(connection, "SELECT count(DISTINCT i) FROM events"),
    events: left,
  };
}

/** One round: leaves out users and items that have too few events now. */
async function keepEnough(connection: DuckDBConnection, core: number): Promise<void> {
  const enough = (column: string) =>
    `${column} IN (SELECT ${column} FROM events GROUP BY ${column} HAVING count(*) >= ${core})`;
  await connection.run(
    `CREATE TABLE kept AS SELECT * FROM events WHERE ${enough("u")} AND ${enough("i")}`,
  );
  await connection.run("DROP TABLE events; ALTER TABLE kept RENAME TO events");
}
