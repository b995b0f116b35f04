"""Texts of codes and histories: patterns and placeholders, as the runtime fills them.

packages/model/src/prompt: code-text.ts, placeholders.ts, history-text.ts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CodePatterns = str | Sequence[str]
UserTexts = Mapping[str, str]
"""A user's texts by the name of their column."""

DEFAULT_PATTERN = "<{level}_{code}>"
_FIELD = re.compile(r"\{(level|LEVEL|level0|level1|code)(?::0(\d+))?\}", re.ASCII)
_COLUMN = re.compile(r"\{column:([^{}]+)\}")
_HISTORY_OR_COLUMN = re.compile(r"\{history\}|\{column:([^{}]+)\}")
_CODES_OR_INDEX = re.compile(r"\{codes\}|\{index\}")


def has_code(pattern: str) -> bool:
    """Whether a pattern has the number of the code."""
    return any(found[1] == "code" for found in _FIELD.finditer(pattern))


def code_text(patterns: CodePatterns, *, level: int, code: int) -> str:
    """Text of a code's token, such as `<a_47>`. In patterns, `{level}` is a, b, c, …, `{LEVEL}`
    A, B, C, …, `{level0}` 0, 1, 2, …, `{level1}` 1, 2, 3, … and `{code}` the number; `{code:03}`
    has at least three digits."""
    letter = chr(ord("a") + level)
    values = {
        "level": letter,
        "LEVEL": letter.upper(),
        "level0": str(level),
        "level1": str(level + 1),
        "code": str(code),
    }

    def value(field: re.Match[str]) -> str:
        return values[field[1]].rjust(int(field[2] or 0), "0")

    return _FIELD.sub(value, patterns if isinstance(patterns, str) else patterns[level])


def columns_in(texts: Iterable[str]) -> list[str]:
    """The columns that texts name by `{column:NAME}`, each once."""
    return list(dict.fromkeys(name for text in texts for name in _COLUMN.findall(text)))


def fill_text(text: str, *, history: str, texts: UserTexts) -> str:
    """Replaces `{history}` and `{column:NAME}`. What is filled in is not searched for placeholders.
    A column without a text is empty."""
    return _HISTORY_OR_COLUMN.sub(
        lambda found: history if found[1] is None else texts.get(found[1], ""), text
    )


@dataclass(frozen=True)
class HistoryStyle:
    """How a text writes a history."""

    patterns: CodePatterns
    item: str
    """An item: `{codes}` are the texts of its codes, `{index}` its number, from 1."""
    code_separator: str
    separator: str
    empty_history: str

    def text(self, paths: Sequence[Sequence[int]]) -> str:
        """Items as text: the code paths in the order in which they are written."""
        if not paths:
            return self.empty_history
        items = (self._item(path, index) for index, path in enumerate(paths, start=1))
        return self.separator.join(items)

    def _item(self, path: Sequence[int], index: int) -> str:
        codes = self.code_separator.join(
            code_text(self.patterns, level=level, code=code) for level, code in enumerate(path)
        )
        return _CODES_OR_INDEX.sub(
            lambda found: codes if found[0] == "{codes}" else str(index), self.item
        )
