"""Named sets of defaults; options on the command line take precedence."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib import resources
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

PUBLISHED = "paper"
"""The preset that consists of the options' own defaults."""
PRESETS = (PUBLISHED, "small")


def preset_option(command: str) -> Callable[[F], F]:
    """`--preset NAME`: the defaults of that preset for this command."""

    def apply(context: click.Context, _: click.Parameter, name: str) -> str:
        if name != PUBLISHED:
            file = resources.files("nightbeam_training.presets").joinpath(f"{name}.toml")
            preset = tomllib.loads(file.read_text())[command]
            context.default_map = {**(context.default_map or {}), **preset}
        return name

    return click.option(
        "--preset",
        type=click.Choice(PRESETS),
        default=PUBLISHED,
        show_default=True,
        is_eager=True,
        expose_value=False,
        callback=apply,
        help="Defaults: paper: the published settings, for a GPU; small: for two CPU cores.",
    )
