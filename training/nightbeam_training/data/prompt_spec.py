"""How histories and codes become tokens: `nightbeam.json` of a checkpoint.

The runtime's reader of the same file is packages/model/src/prompt/prompt-spec.ts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)

from nightbeam_training.data.catalogue import Catalogue
from nightbeam_training.data.prompt_text import columns_in, has_code
from nightbeam_training.errors import TrainingError

TokenId = Annotated[int, Field(ge=0)]
Order = Literal["oldest-first", "newest-first"]
PROMPT_SPEC_FILE = "nightbeam.json"
LEVELS = range(2, 9)


def _containing(placeholder: str) -> AfterValidator:
    def check(text: str) -> str:
        if placeholder not in text:
            raise ValueError(f"must contain {placeholder}")
        return text

    return AfterValidator(check)


def _pattern(text: str) -> str:
    if not has_code(text):
        raise ValueError("must contain {code}")
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
EndToken = Annotated[str, Field(min_length=1)] | TokenId


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _History(_Fields):
    maxItems: Annotated[int, Field(gt=0)]  # noqa: N815 - the file's own spelling
    """Only the last items of a history are written."""
    order: Order = "oldest-first"


class ItemsPrompt(_History):
    """Tokens alone: BOS, the codes of the last items, and the tokens around them."""

    kind: Literal["items"]
    bos: TokenId | None = None
    itemPrefix: list[TokenId] = []  # noqa: N815
    itemSuffix: list[TokenId] = []  # noqa: N815
    separator: list[TokenId] = []
    """Between two items."""
    suffix: list[TokenId] = []
    """After the last item."""

    @property
    def plain(self) -> bool:
        """Whether a prompt is nothing but BOS and codes, oldest first, so that every code of it
        follows a shorter prompt."""
        around = [*self.itemPrefix, *self.itemSuffix, *self.separator, *self.suffix]
        return not around and self.order == "oldest-first"


class _TextHistory(_History):
    item: Annotated[str, _containing("{codes}")] = "{codes}"
    codeSeparator: str = ""  # noqa: N815
    separator: str = ", "
    emptyHistory: str = ""  # noqa: N815
    """In place of a history without items."""


class TemplatePrompt(_TextHistory):
    """A text in which `{history}` is replaced by the items."""

    kind: Literal["template"]
    template: Annotated[str, _containing("{history}")]
    addSpecialTokens: bool = True  # noqa: N815


class ChatMessage(_Fields):
    role: Annotated[str, Field(min_length=1)]
    content: str


class ChatPrompt(_TextHistory):
    """Messages, which the checkpoint's chat template makes a text of."""

    kind: Literal["chat"]
    messages: list[ChatMessage]
    chatTemplate: Annotated[str, Field(min_length=1)] | None = None  # noqa: N815
    variables: dict[str, JsonValue] = {}
    addGenerationPrompt: bool = True  # noqa: N815
    answerPrefix: str = ""  # noqa: N815
    addSpecialTokens: bool = False  # noqa: N815

    @model_validator(mode="after")
    def _has_history(self) -> ChatPrompt:
        if not any("{history}" in message.content for message in self.messages):
            raise ValueError("needs {history} in the content of a message")
        return self


TextPrompt = TemplatePrompt | ChatPrompt


class PromptSpec(_Fields):
    """Codes have tokens by number (`codeTokenOffsets[l] + c`) or by text (`codeTokenPattern`)."""

    levels: Annotated[int, Field(ge=LEVELS[0], le=LEVELS[-1])]
    codesPerLevel: Annotated[int, Field(ge=1, le=65_536)] | None = None  # noqa: N815
    """Codes are below this. Default: the catalogue's codes decide."""
    codeTokenOffsets: list[TokenId] | None = None  # noqa: N815
    codeTokenPattern: Pattern | list[Pattern] | None = None  # noqa: N815
    """One for all levels, or one per level."""
    prompt: Annotated[ItemsPrompt | TemplatePrompt | ChatPrompt, Field(discriminator="kind")]
    end: EndToken | list[EndToken] = []
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
        """Columns of the histories that prompts have as texts (`{column:NAME}`)."""
        match self.prompt:
            case TemplatePrompt(template=template):
                return columns_in([template])
            case ChatPrompt(messages=messages):
                return columns_in([message.content for message in messages])
            case ItemsPrompt():
                return []

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
