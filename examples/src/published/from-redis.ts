// node examples/dist/published/from-redis.js redis://127.0.0.1:6379 USER
import { crc32 } from "node:zlib";
import { Redis } from "ioredis";
import { decodeList } from "./decode-list.js";

const [url = "", user = ""] = process.argv.slice(2);
const redis = new Redis(url);

/** For a page with several users, read the pointer once: their lists are then of the same version. */
const { version, buckets } = JSON.parse((await redis.get("nightbeam:lists:current")) ?? "{}");
const bucket = crc32(user) % buckets;
const list = await redis.hgetBuffer(`nightbeam:lists:${version}:${bucket}`, user);
console.log(JSON.stringify(list && decodeList(list)));
redis.disconnect();
