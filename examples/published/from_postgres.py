"""python examples/published/from_postgres.py postgres://user@host/database USER"""

import json
import sys

import psycopg

url, user = sys.argv[1:]
sql = "SELECT items, scores FROM nightbeam.lists WHERE user_id = %s"
with psycopg.connect(url) as connection:
    row = connection.execute(sql, [user]).fetchone()
found = row and ({"items": row[0], "scores": row[1]} if row[1] is not None else {"items": row[0]})
print(json.dumps(found))
