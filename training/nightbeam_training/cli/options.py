"""Options that several commands share, and how options are made from a model's fields."""

from __future__ import annotations

import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import click
from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.precision import (
    Machine,
    Precision,
    multiplies_bf16,
    open_machine,
)

F = TypeVar("F", bound=Callable[..., Any])

DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
NEW_DIRECTORY = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


NOT_COMPARED = {"out", "device", "threads", "save_minutes"}
"""Options that may change when a command continues, because they do not affect the result."""


def compared(arguments: BaseModel) -> dict[str, object]:
    """The options that must be the same when a command continues, named as flags.

    Paths are resolved, so the same file may be given in different ways.
    """

    def named(value: object) -> object:
        if isinstance(value, tuple):
            return [named(each) for each in value]
        return str(value.resolve()) if isinstance(value, Path) else value

    given = arguments.model_dump(exclude=NOT_COMPARED)
    fields = type(arguments).model_fields
    return {flag_of(name, fields[name]): named(value) for name, value in given.items()}


def options_of(model: type[BaseModel]) -> Callable[[F], F]:
    """An option for every field of the model, in their order; those of the last base come first.
    A bool is a flag.

    Type, limits, default and help are the field's. A path's kind is a `click.Path` in its
    annotation (`Annotated[Path, FILE]`). `json_schema_extra` may have `aliases`, further words of a
    choice, `derived`, a text about a default that the command finds itself, and `flag`, where the
    field cannot have its name.
    """

    def decorate(command: F) -> F:
        for name, field in reversed(model.model_fields.items()):
            command = _option(name, field)(command)
        return command

    return decorate


def flag_of(name: str, field: FieldInfo) -> str:
    """The option of a field, such as --learning-rate."""
    extra = field.json_schema_extra
    own = extra.get("flag") if isinstance(extra, dict) else None
    return str(own or f"--{name.replace('_', '-')}")


def _option(name: str, field: FieldInfo) -> Callable[[F], F]:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    derived = extra.get("derived")
    optional = type(None) in get_args(field.annotation)
    described = field.description or ""
    flag = flag_of(name, field)
    if field.annotation is bool:
        return click.option(flag, name, is_flag=True, help=described)
    if field.is_required() and derived is None:
        default: dict[str, Any] = {"required": True}
    elif derived is not None or (optional and field.default is None):
        default = {"default": None, "show_default": derived or False}
    else:
        default = {"default": field.default, "show_default": True}
    return click.option(
        flag,
        name,
        type=_click_type(field, aliases=extra.get("aliases")),
        multiple=get_origin(field.annotation) is tuple,
        help=described,
        **default,
    )


def _click_type(field: FieldInfo, *, aliases: object) -> click.ParamType[Any]:
    for each in field.metadata:
        if isinstance(each, click.Path):
            return each
    kind = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(each for each in get_args(kind) if each is not type(None))
    if get_origin(kind) is Literal:
        further = tuple(aliases) if isinstance(aliases, list) else ()
        return _Words(get_args(kind), further)
    low: float | None = None
    high: float | None = None
    low_open = False
    for each in field.metadata:
        match each:
            case Ge(int() | float() as low):
                pass
            case Gt(int() | float() as low):
                low_open = True
            case Le(int() | float() as high):
                pass
    if kind is int:
        least, most = (None if each is None else int(each) for each in (low, high))
        bounded = click.IntRange(least, most, min_open=low_open)
        return click.INT if least is most is None else bounded
    if kind is float:
        return click.FloatRange(low, high, min_open=low_open)
    if kind is str:
        return click.STRING
    raise TypeError(f"no option can be made of the type {kind}")


class _Words(click.Choice[str]):
    """A choice with aliases, which the help does not list."""

    def __init__(self, words: tuple[str, ...], aliases: tuple[str, ...]) -> None:
        super().__init__(words)
        self._aliases = aliases

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return value if value in self._aliases else super().convert(value, param, ctx)


def positive_numbers(option: str, text: str, separator: str) -> list[int]:
    """Raises TrainingError BAD_OPTION."""
    words = text.split(separator)
    if not all(word.strip().isdecimal() and int(word) > 0 for word in words):
        raise TrainingError("BAD_OPTION", f"{option}: expected positive whole numbers, got {text}")
    return [int(word) for word in words]


class MachineArguments(BaseModel):
    """--device, --precision, --threads, --seed as given."""

    model_config = ConfigDict(frozen=True)
    seed: int = Field(0, description="Seed of all random draws.")
    threads: int | None = Field(None, ge=1, description="CPU threads.  [default: all]")
    precision: Precision = Field(
        "fp32", description="Precision of matrix products; weights and sums stay float32."
    )
    device: str = Field("auto", description="cpu, cuda, cuda:N, or auto: CUDA if available.")

    def machine(self) -> Machine:
        machine = open_machine(device=self.device, precision=self.precision, threads=self.threads)
        if machine.device.type == "cpu" and self.precision == "bf16" and not multiplies_bf16():
            click.echo(
                "note: this processor has no instructions for bfloat16: --precision fp32 is faster",
                err=True,
            )
        return machine
