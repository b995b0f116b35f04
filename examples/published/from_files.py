"""python examples/published/from_files.py DIRECTORY USER"""

import json
import sys
import zlib
from pathlib import Path

from decode_list import find_in_bucket

directory, user = sys.argv[1:]
lists = Path(directory) / "lists"
current = json.loads((lists / "current.json").read_bytes())
bucket = zlib.crc32(user.encode()) % current["buckets"]
data = (lists / "versions" / current["version"] / f"{bucket}.lists").read_bytes()
print(json.dumps(find_in_bucket(data, user)))
