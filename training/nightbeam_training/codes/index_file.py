"""The LC-Rec index: each item's code path as text."""

from __future__ import annotations

import json
from pathlib import Path

from nightbeam_training.data.catalogue import Ints
from nightbeam_training.files import replacing


def write_index(path: Path, item_ids: list[str], paths: Ints) -> None:
    """Writes `{"0": ["<a_47>", "<b_103>", …], …}`, one item per line, for paths [items, levels]."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
        for row, (item, codes) in enumerate(zip(item_ids, paths.tolist(), strict=True)):
            texts = [f"<{chr(ord('a') + level)}_{code}>" for level, code in enumerate(codes)]
            file.write("{\n" if row == 0 else ",\n")
            file.write(f"{json.dumps(item, ensure_ascii=False)}: {json.dumps(texts)}")
        file.write("\n}\n")
