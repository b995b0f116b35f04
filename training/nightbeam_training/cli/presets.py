"""Named sets of defaults; options on the command line take precedence."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib import resources
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

PRESETS = ("paper", "small")


def preset_option(command: str) -> Callable[[F], F]:
    """`--preset NAME`: the defaults of that preset for this command."""

    def apply(context: click.Context, _: click.Parameter, name: str) -> str:
        text = resources.files("nightbeam_training.presets").joinpath(f"{name}.toml").read_text()
        context.default_map = {**(context.default_map or {}), **tomllib.loads(text)[command]}
        return name

    return click.option(
        "--preset",
        type=click.Choice(PRESETS),
        default="paper",
        show_default=True,
        is_eager=True,
        expose_value=False,
        callback=apply,
        help="Defaults: paper: the published settings, for a GPU; small: for two CPU cores.",
    )
