"""How histories and codes become tokens: `nightbeam.json` of a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nightbeam_training.data.catalogue import Catalogue
from nightbeam_training.errors import TrainingError

TokenId = Annotated[int, Field(ge=0)]
PROMPT_SPEC_FILE = "nightbeam.json"
LEVELS = range(2, 9)
# Fields of the runtime that training has no use for: they may be there, and must change nothing.
NoTokens = Annotated[list[TokenId | str], Field(max_length=0, exclude=True)]


class ItemsPrompt(BaseModel):
    """BOS, then the codes of the last items, oldest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["items"]
    bos: TokenId | None = None
    maxItems: Annotated[int, Field(gt=0)]  # noqa: N815 - the file's own spelling
    order: Annotated[Literal["oldest-first"], Field(exclude=True)] = "oldest-first"
    itemPrefix: NoTokens = []  # noqa: N815
    itemSuffix: NoTokens = []  # noqa: N815
    separator: NoTokens = []
    suffix: NoTokens = []


class PromptSpec(BaseModel):
    """Token of code c at level l is `codeTokenOffsets[l] + c`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    levels: Annotated[int, Field(ge=LEVELS[0], le=LEVELS[-1])]
    codesPerLevel: Annotated[int, Field(ge=1, le=65_536)]  # noqa: N815
    codeTokenOffsets: list[TokenId]  # noqa: N815
    prompt: ItemsPrompt
    end: NoTokens = []

    @property
    def vocabulary(self) -> int:
        """Number of tokens, up to the last code's."""
        return max(self.codeTokenOffsets) + self.codesPerLevel


def read_prompt_spec(directory: Path) -> PromptSpec:
    """Reads a checkpoint's `nightbeam.json`.

    Raises TrainingError BAD_CHECKPOINT, naming the field.
    """
    path = directory / PROMPT_SPEC_FILE
    try:
        spec = PromptSpec.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TrainingError("BAD_CHECKPOINT", f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        hint = ""
        if field.split(".")[0] in ("prompt", "codeTokenOffsets", "codeTokenPattern"):
            hint = (
                "; training reads prompts of kind items with codeTokenOffsets, oldest items first, "
                "with no tokens around the items"
            )
        elif field == "codesPerLevel":
            hint = "; training needs the number of codes per level"
        elif field == "end":
            hint = "; training has no closing tokens"
        raise TrainingError("BAD_CHECKPOINT", f"{path}: {field}: {first['msg']}{hint}") from error
    if len(spec.codeTokenOffsets) != spec.levels:
        raise TrainingError(
            "BAD_CHECKPOINT", f"{path}: codeTokenOffsets needs one number per level ({spec.levels})"
        )
    return spec


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
