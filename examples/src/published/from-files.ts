// node examples/dist/published/from-files.js DIRECTORY USER
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { findInBucket } from "./find-in-bucket.js";

const [directory = "", user = ""] = process.argv.slice(2);
const get = (...names: string[]) => readFile(join(directory, "lists", ...names));
const { version, buckets } = JSON.parse((await get("current.json")).toString());
const bytes = await get("versions", version, `${crc32(user) % buckets}.lists`);
console.log(JSON.stringify(findInBucket(bytes, user)));
