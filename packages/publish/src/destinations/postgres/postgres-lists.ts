import { formatHostPort, type TlsBytes, tlsClientOptions } from "@nightbeam/service";
import { Pool, type PoolClient } from "pg";
import { z } from "zod";
import type { PublishedList } from "../../encoding.js";
import { PublishError } from "../../errors.js";
import type { ListStore } from "../../list-store.js";
import { pointerSchema, type Version, versionRecordSchema } from "../../version.js";
import { isNothingThere, postgresFailure, withLocks } from "./failure.js";
import { attach, copyBucket, createTables, LOCK_MS, namesOf } from "./tables.js";

export interface PostgresListsOptions {
  /** postgres://[user[:password]@]host[:port]/database; PGPASSWORD and ~/.pgpass count as well. */
  readonly url: string;
  /** The view is nightbeam.NAME, the tables nightbeam.NAME_…. */
  readonly name: string;
  readonly tls?: TlsBytes | undefined;
}

/**
 * Lists in PostgreSQL 12 or later: a table per version, which is a partition, one row that names the version that counts,
 * and a view over both. As pointer and lists are rows of one database, a reader sees them as of one moment, also in
 * transactions that are older than a switch.
 *
 * @throws PublishError UNREACHABLE, REFUSED
 */
export async function openPostgresLists(options: PostgresListsOptions): Promise<ListStore> {
  const { url, name, tls } = options;
  const { hostname, port, pathname } = new URL(url);
  const address = formatHostPort({ host: hostname || "localhost", port: Number(port || 5432) });
  const place = `postgres://${address}${pathname} (${name})`;
  const pool = new Pool({
    connectionString: url,
    // One for COPY, others for reading back.
    max: 4,
    connectionTimeoutMillis: 10_000,
    application_name: "nightbeam publish",
    ...(tls === undefined ? {} : { ssl: tlsClientOptions(tls) }),
  });
  pool.on("error", () => undefined);
  const names = namesOf(name);
  const failed = (error: unknown) => postgresFailure(place, { error, tls });
  /** Runs statements in one transaction. */
  const within = async <Value>(work: (client: PoolClient) => Promise<Value>): Promise<Value> => {
    let client: PoolClient | undefined;
    try {
      client = await pool.connect();
      await client.query("BEGIN");
      const value = await work(client);
      await client.query("COMMIT");
      client.release();
      return value;
    } catch (error) {
      // The connection may be in any state; closing it rolls back.
      client?.release(true);
      throw failed(error);
    }
  };
  const rows = async <Row>(
    schema: z.ZodType<Row>,
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> => {
    try {
      const found = await pool.query(sql, [...values]);
      return z.array(schema).parse(found.rows);
    } catch (error) {
      // Nothing was published yet.
      if (isNothingThere(error)) return [];
      throw failed(error);
    }
  };
  const findId = async ({ version }: Version): Promise<number | undefined> => {
    const sql = `SELECT id FROM ${names.versions} WHERE version = $1`;
    return (await rows(z.object({ id: z.int() }), sql, [version]))[0]?.id;
  };
  const idOf = async (version: Version): Promise<number> => {
    const id = await findId(version);
    if (id !== undefined) return id;
    const problem = `${place} has no version ${version.version} any more`;
    throw new PublishError("NOT_VERIFIED", `${problem}. Publish again.`);
  };
  await rows(z.unknown(), "SELECT 1");
  return {
    place,
    bucketUsers: 5_000,
    writesAtOnce: 2,
    warnings: async () => [],
    readPointer: async () => {
      const sql = `SELECT pointer FROM ${names.current}`;
      return (await rows(z.object({ pointer: pointerSchema }), sql))[0]?.pointer;
    },
    writePointer: (pointer) =>
      within(async (client) => {
        await client.query(
          `INSERT INTO ${names.current} (version_id, pointer) SELECT id, $2 FROM ${names.versions} WHERE version = $1
           ON CONFLICT (one) DO UPDATE SET version_id = excluded.version_id, pointer = excluded.pointer`,
          [pointer.version, pointer],
        );
      }),
    readRecords: async () => {
      const sql = `SELECT record FROM ${names.versions}`;
      return (await rows(z.object({ record: versionRecordSchema }), sql)).map(
        ({ record }) => record,
      );
    },
    writeRecord: async (record) => {
      await within(async (client) => {
        await createTables(client, names);
        await client.query(
          `INSERT INTO ${names.versions} (version, record) VALUES ($1, $2)
           ON CONFLICT (version) DO UPDATE SET record = excluded.record`,
          [record.version, record],
        );
        const { rows } = await client.query(`SELECT id FROM ${names.versions} WHERE version = $1`, [
          record.version,
        ]);
        const { id } = z.object({ id: z.int() }).parse(rows[0]);
        await client.query(`CREATE TABLE IF NOT EXISTS ${names.table(id)} (LIKE ${names.rows})`);
      });
    },
    readBuckets: async (version) => {
      const sql = `SELECT bucket FROM ${names.buckets} JOIN ${names.versions} ON id = version_id WHERE version = $1`;
      const found = await rows(z.object({ bucket: z.int() }), sql, [version.version]);
      return new Set(found.map(({ bucket }) => bucket));
    },
    writeBucket: async (version, bucket) => {
      const id = await idOf(version);
      await within((client) => copyBucket(client, { id, bucket, names }));
    },
    seal: async (version) => {
      const id = await idOf(version);
      await withLocks(() => within((client) => attach(client, { id, names })));
    },
    readList: async (version, user) => {
      const sql = `SELECT items, scores FROM ${names.rows} WHERE version_id = $1 AND user_id = $2`;
      const [found] = await rows(rowSchema, sql, [await idOf(version), user]);
      return found;
    },
    remove: async (version) => {
      const id = await findId(version);
      if (id === undefined) return;
      await withLocks(() =>
        within(async (client) => {
          await client.query(`SET LOCAL lock_timeout = ${LOCK_MS}`);
          await client.query(`DROP TABLE IF EXISTS ${names.table(id)}`);
          await client.query(`DELETE FROM ${names.buckets} WHERE version_id = $1`, [id]);
          await client.query(`DELETE FROM ${names.versions} WHERE id = $1`, [id]);
        }),
      );
    },
    close: () => pool.end(),
  };
}

const rowSchema = z
  .object({ items: z.array(z.string()), scores: z.array(z.number()).nullable() })
  .transform(({ items, scores }): PublishedList => {
    return { items, ...(scores === null ? {} : { scores }) };
  });
