// node examples/dist/published/from-postgres.js postgres://user@host/database USER
import { Client } from "pg";

const [url = "", user = ""] = process.argv.slice(2);
const client = new Client(url);
await client.connect();
const sql = "SELECT items, scores FROM nightbeam.lists WHERE user_id = $1";
const [list = null] = (await client.query(sql, [user])).rows;
console.log(
  JSON.stringify(list && { items: list.items, ...(list.scores && { scores: list.scores }) }),
);
await client.end();
