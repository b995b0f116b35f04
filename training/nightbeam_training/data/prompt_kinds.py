"""The kinds of prompts in `nightbeam.json`: tokens alone, a text, a chat."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

TokenId = Annotated[int, Field(ge=0)]
Order = Literal["oldest-first", "newest-first"]


def _containing(placeholder: str) -> AfterValidator:
    def check(text: str) -> str:
        if placeholder not in text:
            raise ValueError(f"must contain {placeholder}")
        return text

    return AfterValidator(check)


class Fields(BaseModel):
    """Nothing but the fields that are described, in their own types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _History(Fields):
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


class ChatMessage(Fields):
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
