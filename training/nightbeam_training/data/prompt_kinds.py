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


class UserToken(Fields):
    """A token of the user beside the items: one of `buckets`, of which `offset` is the first."""

    offset: TokenId
    buckets: Annotated[int, Field(gt=0, le=1_000_000_000)] = 1
    by: Literal["number", "md5", "murmur3"] | None = None
    """Which one a user has: the name as a number, its MD5 as a number, or its MurmurHash3 (x86, 32
    bits, seed 0, signed), each modulo `buckets`."""
    column: Annotated[str, Field(min_length=1)] | None = None
    """The column of the histories that stands in place of the user's name."""
    place: Literal["before-items", "after-items"] = "before-items"

    @model_validator(mode="after")
    def _names_a_rule(self) -> UserToken:
        if self.buckets > 1 and self.by is None:
            raise ValueError(
                "by is missing: say how a user gets one of the buckets, number, md5 or murmur3"
            )
        given = [name for name in ("by", "column") if getattr(self, name) is not None]
        if self.buckets == 1 and given:
            raise ValueError(
                f"{given[0]} changes nothing with one bucket, which all users have: leave it out"
            )
        return self

    @property
    def source(self) -> str | None:
        """The field of a history that says which token a user has; None if all have the same."""
        return None if self.by is None else self.column or "user"


class ItemsPrompt(_History):
    """Tokens alone: BOS, the user's, the codes of the last items, and the tokens around them."""

    kind: Literal["items"]
    bos: TokenId | None = None
    user: UserToken | None = None
    itemPrefix: list[TokenId] = []  # noqa: N815
    itemSuffix: list[TokenId] = []  # noqa: N815
    separator: list[TokenId] = []
    """Between two items."""
    suffix: list[TokenId] = []
    """After the last item."""

    @property
    def user_places(self) -> tuple[int, int]:
        """How many tokens of the user there are before the items, and after them."""
        if self.user is None:
            return 0, 0
        return (1, 0) if self.user.place == "before-items" else (0, 1)

    @property
    def plain(self) -> bool:
        """Whether a prompt is nothing but BOS and codes, oldest first, so that every code of it
        follows a shorter prompt."""
        around = [*self.itemPrefix, *self.itemSuffix, *self.separator, *self.suffix]
        return not around and self.user is None and self.order == "oldest-first"


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
