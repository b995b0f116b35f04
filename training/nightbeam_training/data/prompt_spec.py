"""How histories and codes become tokens: `nightbeam.json` of a checkpoint.

The runtime's reader of the same file is packages/model/src/prompt/prompt-spec.ts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError, model_validator

from nightbeam_training.data.catalogue import Catalogue
from nightbeam_training.data.prompt_kinds import (
    ChatPrompt,
    Fields,
    ItemsPrompt,
    TemplatePrompt,
    TextPrompt,
    TokenId,
)
from nightbeam_training.data.prompt_text import columns_in, has_code
from nightbeam_training.errors import TrainingError

PROMPT_SPEC_FILE = "nightbeam.json"
LEVELS = range(2, 9)


def _pattern(text: str) -> str:
    if not has_code(text):
        raise ValueError("must contain {code}")
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
EndToken = Annotated[str, Field(min_length=1)] | TokenId


class PromptSpec(Fields):
    """Codes have tokens by number (`codeTokenOffsets[l] + c`) or by text (`codeTokenPattern`)."""

    levels: Annotated[int, Field(ge=LEVELS[0], le=LEVELS[-1])]
    codesPerLevel: Annotated[int, Field(ge=1, le=65_536)] | None = None  # noqa: N815
    """Codes are below this. Default: the catalogue's codes decide."""
    codeTokenOffsets: list[TokenId] | None = None  # noqa: N815
    codeTokenPattern: Pattern | list[Pattern] | None = None  # noqa: N815
    """One for all levels, or one per level."""
    prompt: Annotated[ItemsPrompt | TextPrompt, Field(discriminator="kind")]
    end: EndToken | list[EndToken] = Field(default_factory=list)
    """What closes an answer and is part of its score."""

    @model_validator(mode="after")
    def _one_table(self) -> PromptSpec:
        offsets, patterns = self.codeTokenOffsets, self.codeTokenPattern
        if (offsets is None) == (patterns is None):
            raise ValueError("give either codeTokenOffsets or codeTokenPattern")
        if offsets is not None and len(offsets) != self.levels:
            raise ValueError(f"codeTokenOffsets needs one number per level ({self.levels})")
        if isinstance(patterns, list) and len(patterns) != self.levels:
            raise ValueError(f"codeTokenPattern needs one text per level ({self.levels})")
        return self

    @property
    def closing(self) -> list[str | int]:
        """`end` as a list."""
        return self.end if isinstance(self.end, list) else [self.end]

    @property
    def needs_tokenizer(self) -> bool:
        return (
            self.prompt.kind != "items"
            or self.codeTokenPattern is not None
            or any(isinstance(token, str) for token in self.closing)
        )

    @property
    def columns(self) -> list[str]:
        """Fields of the histories that prompts need: texts (`{column:NAME}`), or what says which
        token the user has."""
        match self.prompt:
            case TemplatePrompt(template=template):
                return columns_in([template])
            case ChatPrompt(messages=messages):
                return columns_in([message.content for message in messages])
            case ItemsPrompt(user=user):
                return [user.source] if user and user.source else []

    @property
    def vocabulary(self) -> int:
        """Number of tokens up to the last code's, of a spec that numbers them."""
        return max(self.codeTokenOffsets or [0]) + (self.codesPerLevel or 0)


def read_prompt_spec(directory: Path) -> PromptSpec:
    """Reads a checkpoint's `nightbeam.json`.

    Raises TrainingError BAD_CHECKPOINT, naming the field.
    """
    path = directory / PROMPT_SPEC_FILE
    try:
        return PromptSpec.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TrainingError("BAD_CHECKPOINT", f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{path}: {field}: {first['msg']}; docs/guides/models.md describes the file",
        ) from error


def default_prompt_spec(catalogue: Catalogue, *, max_items: int) -> PromptSpec:
    """Tokens 0 to 3 are pad, BOS, EOS and unused; the codes follow level by level.

    Raises TrainingError BAD_CATALOGUE if paths have more or fewer levels than a model can have.
    """
    codes, levels = catalogue.trie.codes, catalogue.trie.levels
    if levels not in LEVELS:
        raise TrainingError(
            "BAD_CATALOGUE",
            f"the catalogue has {levels} levels: a model supports {LEVELS[0]} to {LEVELS[-1]}",
        )
    return PromptSpec(
        levels=levels,
        codesPerLevel=codes,
        codeTokenOffsets=[4 + codes * level for level in range(levels)],
        prompt=ItemsPrompt(kind="items", bos=1, maxItems=max_items),
    )
