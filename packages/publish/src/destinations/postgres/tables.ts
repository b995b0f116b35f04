import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { escapeIdentifier, type PoolClient } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { z } from "zod";
import { decodeList, type PublishedList } from "../../encoding.js";
import type { Bucket } from "../../list-store.js";

export const SCHEMA = "nightbeam";
/** A lock that readers would have to queue for is given up after this, and tried again. */
export const LOCK_MS = 200;

/** The names of the view and the tables, quoted. */
export interface Names {
  readonly view: string;
  readonly rows: string;
  readonly versions: string;
  readonly current: string;
  readonly buckets: string;
  table(id: number): string;
}

export function namesOf(name: string): Names {
  const named = (suffix: string) => `${SCHEMA}.${escapeIdentifier(`${name}${suffix}`)}`;
  return {
    view: named(""),
    rows: named("_rows"),
    versions: named("_versions"),
    current: named("_current"),
    buckets: named("_buckets"),
    table: (id) => named(`_v${id}`),
  };
}

/** Creates what is missing, so that a user without the right to create schemas can be given one. */
export async function createTables(client: PoolClient, names: Names): Promise<void> {
  const { rows } = await client.query("SELECT to_regclass($1) IS NOT NULL AS there", [names.view]);
  if (z.object({ there: z.boolean() }).parse(rows[0]).there) return;
  // One publication at a time: IF NOT EXISTS does not cover two at once.
  await client.query("SELECT pg_advisory_xact_lock(hashtext($1))", [names.view]);
  const schema = await client.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [SCHEMA]);
  if (schema.rowCount === 0) await client.query(`CREATE SCHEMA ${SCHEMA}`);
  await client.query(`
    CREATE TABLE IF NOT EXISTS ${names.versions} (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, version text NOT NULL UNIQUE, record jsonb NOT NULL);
    CREATE TABLE IF NOT EXISTS ${names.current} (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      version_id int NOT NULL REFERENCES ${names.versions}, pointer jsonb NOT NULL);
    CREATE TABLE IF NOT EXISTS ${names.buckets} (
      version_id int NOT NULL, bucket int NOT NULL, PRIMARY KEY (version_id, bucket));
    CREATE TABLE IF NOT EXISTS ${names.rows} (
      version_id int NOT NULL, user_id text COLLATE "C" NOT NULL, items text[] NOT NULL, scores float8[],
      PRIMARY KEY (version_id, user_id)) PARTITION BY LIST (version_id);
    CREATE OR REPLACE VIEW ${names.view} AS
      SELECT user_id, items, scores, version_id FROM ${names.rows}
      WHERE version_id = (SELECT version_id FROM ${names.current});`);
}

interface Copying {
  readonly id: number;
  readonly bucket: Bucket;
  readonly names: Names;
}

/** Copies the rows and notes the bucket, in one transaction: it is there as a whole or not at all. */
export async function copyBucket(
  client: PoolClient,
  { id, bucket, names }: Copying,
): Promise<void> {
  const noted = await client.query(
    `INSERT INTO ${names.buckets} VALUES ($1, $2) ON CONFLICT DO NOTHING`,
    [id, bucket.index],
  );
  if (noted.rowCount === 0) return;
  const columns = "(version_id, user_id, items, scores)";
  const copy = client.query(copyFrom(`COPY ${names.table(id)} ${columns} FROM STDIN`));
  const lines = bucket.lists.map(({ user, list }) => copyLine(id, user, decodeList(list)));
  await pipeline(Readable.from([lines.join("")]), copy);
}

/** Makes the table of a version a partition. An index is built faster over all rows than row by row. */
export async function attach(
  client: PoolClient,
  { id, names }: { readonly id: number; readonly names: Names },
): Promise<void> {
  const table = names.table(id);
  const attached = await client.query("SELECT 1 FROM pg_inherits WHERE inhrelid = $1::regclass", [
    table,
  ]);
  if (attached.rowCount !== 0) return;
  // With the check, attaching does not read the table once more.
  await client.query(`ALTER TABLE ${table} ADD CHECK (version_id = ${id})`);
  await client.query(`ALTER TABLE ${table} ADD PRIMARY KEY (version_id, user_id)`);
  await client.query(`ANALYZE ${table}`);
  await client.query(`SET LOCAL lock_timeout = ${LOCK_MS}`);
  await client.query(`ALTER TABLE ${names.rows} ATTACH PARTITION ${table} FOR VALUES IN (${id})`);
}

/** A row as a line of COPY's text format, with its end. */
function copyLine(versionId: number, user: string, { items, scores }: PublishedList): string {
  const ids = arrayOf(items.map((item) => `"${item.replaceAll(/["\\]/g, "\\$&")}"`));
  const numbers = scores === undefined ? "\\N" : arrayOf(scores.map(String));
  return `${[String(versionId), escaped(user), escaped(ids), numbers].join("\t")}\n`;
}

function arrayOf(elements: readonly string[]): string {
  return `{${elements.join(",")}}`;
}

/** What the text format takes for itself: the backslash, tabs and ends of lines. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll("\t", "\\t")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
}
