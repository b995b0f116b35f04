"""Text to token ids, by a checkpoint's `tokenizer.json`."""

from __future__ import annotations

import shutil
from pathlib import Path

from tokenizers import Tokenizer

from nightbeam_training.errors import TrainingError

TOKENIZER_FILE = "tokenizer.json"
TOKENIZER_FILES = [
    TOKENIZER_FILE,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
]
"""What a checkpoint may have beside its weights for prompts of text."""
_OTHERS = ["tokenizer.model", "spiece.model", "tekken.json", "vocab.json", "vocab.txt"]
"""What a tokenizer is kept in without `tokenizer.json`."""


class TextTokenizer:
    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        # Some files have limits of their training; a prompt is never cut.
        tokenizer.no_truncation()
        tokenizer.no_padding()

    def encode(self, text: str, *, special_tokens: bool) -> list[int]:
        """special_tokens: whether the tokenizer adds its own, such as BOS."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=special_tokens).ids
        return ids

    def token_of(self, text: str) -> int | None:
        """The one token that a text is: by its name in the vocabulary, or else as the tokenizer
        reads it."""
        named: int | None = self._tokenizer.token_to_id(text)
        if named is not None:
            return named
        read = self.encode(text, special_tokens=False)
        # An unknown text is one token too, or is read as another text.
        same = len(read) == 1 and self._text_of(read[0]).strip() == text.strip()
        return read[0] if same else None

    def _text_of(self, token: int) -> str:
        text: str = self._tokenizer.decode([token], skip_special_tokens=False)
        return text


def open_tokenizer(directory: Path) -> TextTokenizer:
    """Raises TrainingError BAD_CHECKPOINT if there is none that can be used."""
    path = directory / TOKENIZER_FILE
    if not path.exists():
        other = next((name for name in _OTHERS if (directory / name).exists()), None)
        if other is None:
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{path} is missing: prompts of text and codeTokenPattern need the tokenizer's "
                "files in the checkpoint",
            )
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{directory} has its tokenizer as {other} and no {TOKENIZER_FILE}; write it with "
            "transformers (pip install transformers sentencepiece tiktoken): python -c "
            f"\"from transformers import AutoTokenizer as T; T.from_pretrained('{directory}')"
            f".save_pretrained('{directory}')\"",
        )
    try:
        return TextTokenizer(Tokenizer.from_file(str(path)))
    except Exception as error:  # the library raises no narrower class
        raise TrainingError("BAD_CHECKPOINT", f"{path}: cannot be used: {error}") from error


def copy_tokenizer(directory: Path, out: Path) -> None:
    """Copies the tokenizer's files, if there are any, to a checkpoint that has the same prompts."""
    for name in TOKENIZER_FILES:
        if (directory / name).exists() and directory.resolve() != out.resolve():
            shutil.copyfile(directory / name, out / name)
