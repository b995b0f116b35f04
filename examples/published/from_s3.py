"""python examples/published/from_s3.py BUCKET PREFIX USER"""

import json
import sys
import zlib

import boto3
from decode_list import find_in_bucket

bucket, prefix, user = sys.argv[1:]
s3 = boto3.client("s3")


def get(name: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=f"{prefix}/lists/{name}")["Body"].read()


current = json.loads(get("current.json"))
place = zlib.crc32(user.encode()) % current["buckets"]
print(json.dumps(find_in_bucket(get(f"versions/{current['version']}/{place}.lists"), user)))
