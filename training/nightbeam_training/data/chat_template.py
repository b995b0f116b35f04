"""A checkpoint's chat template: Jinja, as `apply_chat_template` of `transformers` renders it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, ValidationError

from nightbeam_training.data.prompt_kinds import ChatMessage, ChatPrompt
from nightbeam_training.errors import TrainingError

Render = Callable[[Sequence[ChatMessage]], str]
"""Writes messages as the text of a prompt."""

CHAT_TEMPLATE_FILES = ("chat_template.jinja", "chat_template.json")
"""Files that hold a chat template, apart from tokenizer_config.json."""
CONFIG_FILE = "tokenizer_config.json"


class _Fields(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _NamedTemplate(_Fields):
    name: str
    template: str


class _SpecialToken(_Fields):
    content: str


class _TokenizerConfig(_Fields):
    chat_template: str | list[_NamedTemplate] | None = None
    bos_token: str | _SpecialToken | None = None
    eos_token: str | _SpecialToken | None = None
    unk_token: str | _SpecialToken | None = None
    sep_token: str | _SpecialToken | None = None
    pad_token: str | _SpecialToken | None = None
    cls_token: str | _SpecialToken | None = None
    mask_token: str | _SpecialToken | None = None

    def special_tokens(self) -> dict[str, str]:
        """Texts by name, without those that the tokenizer lacks."""
        named = self.model_dump(exclude={"chat_template"}, exclude_none=True)
        return {
            name: token if isinstance(token, str) else token["content"]
            for name, token in named.items()
        }


def open_chat_template(directory: Path, prompt: ChatPrompt) -> Render:
    """The prompt's own template, that of `chat_template.jinja`, `tokenizer_config.json` or
    `chat_template.json`, in this order.

    Raises TrainingError BAD_CHECKPOINT, as does what it returns.
    """
    config = _read_config(directory / CONFIG_FILE)
    source, text = _find(directory, prompt, config)

    def failure(error: Exception) -> TrainingError:
        return TrainingError(
            "BAD_CHECKPOINT", f"the chat template of {source} cannot be used: {error}"
        )

    try:
        template = _environment().from_string(text)
    except TemplateError as error:
        raise failure(error) from error

    def render(messages: Sequence[ChatMessage]) -> str:
        variables: dict[str, Any] = {
            "tools": None,
            "documents": None,
            **config.special_tokens(),
            **prompt.variables,
            "add_generation_prompt": prompt.addGenerationPrompt,
            "messages": [message.model_dump() for message in messages],
        }
        try:
            return template.render(variables)
        # A template may fail as any program may: a missing key, a sum of text and number.
        except (TemplateError, TypeError, ValueError, LookupError, AttributeError) as error:
            raise failure(error) from error

    return render


class _Generation(Extension):
    """`{% generation %}`: marks what an assistant wrote, and changes nothing in the text."""

    tags = {"generation"}  # noqa: RUF012 - declared so by jinja2

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = _refuse_today
    return environment


def _to_json(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    # Jinja's own filter escapes characters of HTML.
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)


def _refuse_today(_format: str) -> NoReturn:
    """Teacher data and a run of another day must have the same prompts."""
    raise TemplateError(
        "it writes today's date, so that prompts would change from day to day; in nightbeam.json, "
        'give it a date, as in "variables": { "date_string": "26 Jul 2024" }, or a '
        "prompt.chatTemplate without one"
    )


def _find(directory: Path, prompt: ChatPrompt, config: _TokenizerConfig) -> tuple[str, str]:
    """(where the template is, the template)"""
    if prompt.chatTemplate is not None:
        return "nightbeam.json (prompt.chatTemplate)", prompt.chatTemplate
    jinja, as_json = (directory / name for name in CHAT_TEMPLATE_FILES)
    if jinja.exists():
        return str(jinja), jinja.read_text(encoding="utf-8")
    source, found = directory / CONFIG_FILE, config.chat_template
    if found is None and as_json.exists():
        source, found = as_json, _read_config(as_json).chat_template
    if found is None:
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{directory} has no chat template, in {CONFIG_FILE} or "
            f"{' or '.join(CHAT_TEMPLATE_FILES)}: give one as prompt.chatTemplate in "
            "nightbeam.json, or use a prompt of kind template",
        )
    if isinstance(found, str):
        return str(source), found
    default = next((one.template for one in found if one.name == "default"), None)
    if default is None:
        names = ", ".join(one.name for one in found)
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{source} has several chat templates ({names}), and none is called default: give the "
            "one to use as prompt.chatTemplate in nightbeam.json",
        )
    return str(source), default


def _read_config(path: Path) -> _TokenizerConfig:
    try:
        return _TokenizerConfig.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{path}: prompts of kind chat need the tokenizer's files in the checkpoint: {error}",
        ) from error
