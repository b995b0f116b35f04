"""python examples/published/from_redis.py redis://127.0.0.1:6379 USER"""

import json
import sys
import zlib

import redis
from decode_list import decode_list

url, user = sys.argv[1:]
client = redis.Redis.from_url(url)  # For a Redis Cluster: redis.RedisCluster.from_url(url)
# For a page with several users, read the pointer once: their lists are then of the same version.
current = json.loads(client.get("nightbeam:lists:current"))
bucket = zlib.crc32(user.encode()) % current["buckets"]
found = client.hget(f"nightbeam:lists:{current['version']}:{bucket}", user)
print(json.dumps(found and decode_list(found)))
