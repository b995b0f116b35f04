"""The tokens that close an answer: `end` in nightbeam.json."""

from __future__ import annotations

from nightbeam_training.data.prompt_spec import PROMPT_SPEC_FILE, PromptSpec
from nightbeam_training.data.tokenizer import TextTokenizer
from nightbeam_training.errors import TrainingError

MAX_CLOSING = 4


def closing_tokens(spec: PromptSpec, tokenizer: TextTokenizer | None, *, after: str) -> list[int]:
    """The tokens that close an answer. A text is read as the tokenizer reads it after an item.

    after: the text that an answer ends with, that of an item's last code.
    """

    def read(text: str) -> list[int]:
        return tokenizer.encode(text, special_tokens=False) if tokenizer else []

    item, closing = read(after), []
    for part in spec.closing:
        tokens = [*item, part] if isinstance(part, int) else read(after + part)
        if len(tokens) <= len(item) or tokens[: len(item)] != item:
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{PROMPT_SPEC_FILE}: end: the tokenizer does not read {part!r} as tokens of its "
                f"own after {after!r}; give their ids",
            )
        closing += tokens[len(item) :]
    if len(closing) > MAX_CLOSING:
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{PROMPT_SPEC_FILE}: end has {len(closing)} tokens; at most {MAX_CLOSING} are "
            "supported",
        )
    return closing
