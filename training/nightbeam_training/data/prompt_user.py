"""Which of its tokens a user has in a prompt of items.

The runtime's rule is in packages/model/src/prompt/user-token.ts.
"""

from __future__ import annotations

import hashlib
import re

from nightbeam_training.data.prompt_kinds import UserToken
from nightbeam_training.data.prompt_text import UserTexts
from nightbeam_training.errors import TrainingError

_NUMBER = re.compile(r"[0-9]{1,20}")


def user_token(user: UserToken, texts: UserTexts) -> int:
    """The token of the user with these fields of the history; without `user.source` among them, the
    first one.

    Raises TrainingError BAD_HISTORIES if the field is empty, or has to be a number and is none.
    """
    text = texts.get(user.source) if user.source else None
    if text is None:
        return user.offset
    if not text:
        raise TrainingError(
            "BAD_HISTORIES",
            f"{user.source} is empty, and prompts have a token of the user (nightbeam.json, "
            "prompt.user): give one",
        )
    if user.by == "md5":
        digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
        return user.offset + int.from_bytes(digest) % user.buckets
    if user.by == "murmur3":
        return user.offset + _murmur3(text) % user.buckets
    if _NUMBER.fullmatch(text):
        return user.offset + int(text) % user.buckets
    raise TrainingError(
        "BAD_HISTORIES",
        f"{user.source} {text!r} is not a whole number, which prompt.user.by in nightbeam.json "
        "needs: name the field of the histories with the numbers that the model was trained with, "
        "as prompt.user.column",
    )


def _murmur3(text: str) -> int:
    """MurmurHash3 (x86, 32 bits, seed 0) over UTF-8, as a signed number."""
    data, mask = text.encode(), 0xFFFFFFFF

    def rotated(value: int, by: int) -> int:
        return (value << by | value >> 32 - by) & mask

    def mixed(block: bytes) -> int:
        product = int.from_bytes(block, "little") * 0xCC9E2D51 & mask
        return rotated(product, 15) * 0x1B873593 & mask

    whole = len(data) - len(data) % 4
    value = 0
    for at in range(0, whole, 4):
        value = rotated(value ^ mixed(data[at : at + 4]), 13) * 5 + 0xE6546B64 & mask
    value ^= mixed(data[whole:]) ^ len(data)
    value = (value ^ value >> 16) * 0x85EBCA6B & mask
    value = (value ^ value >> 13) * 0xC2B2AE35 & mask
    value ^= value >> 16
    return value - (1 << 32) if value >> 31 else value
