// node examples/dist/published/from-s3.js BUCKET PREFIX USER
import { crc32 } from "node:zlib";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { findInBucket } from "./find-in-bucket.js";

const [Bucket = "", prefix = "", user = ""] = process.argv.slice(2);
// A server of your own, such as MinIO, has no names of buckets in its host name.
const s3 = new S3Client({ forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined });
const get = async (name: string) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: `${prefix}/lists/${name}` }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};
const { version, buckets } = JSON.parse((await get("current.json")).toString());
const bytes = await get(`versions/${version}/${crc32(user) % buckets}.lists`);
console.log(JSON.stringify(findInBucket(bytes, user)));
