"""`nightbeam-train target`: a recommender from histories, from scratch or from a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click
import torch
from click.core import ParameterSource

from nightbeam_training.cli.fit_options import FitArguments, fit_options, report_fit
from nightbeam_training.cli.lora_options import LoraArguments, lora_options
from nightbeam_training.cli.options import (
    DIRECTORY,
    FILE,
    NEW_DIRECTORY,
    MachineArguments,
    compared,
    machine_options,
)
from nightbeam_training.cli.presets import preset_option
from nightbeam_training.cli.teacher_data import note_if_unfinished
from nightbeam_training.data.catalogue import Catalogue, read_catalogue
from nightbeam_training.data.histories import Histories, read_histories
from nightbeam_training.data.prompts import Prompts, open_prompts
from nightbeam_training.data.tokenizer import copy_tokenizer
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import (
    Checkpoint,
    checkpoint_hash,
    load_checkpoint,
    prompts_of,
    save_checkpoint,
    save_merged,
    tokenizer_place,
)
from nightbeam_training.model.lora import add_lora, save_adapter
from nightbeam_training.model.precision import Machine
from nightbeam_training.recommend.new_model import ModelSize, model_like, new_model
from nightbeam_training.recommend.run import RecommendOptions, RecommendTask
from nightbeam_training.train.fit import fit, seed_all
from nightbeam_training.train.log import TrainingLog
from nightbeam_training.train.run_options import claim_directory, finish_directory
from nightbeam_training.train.state import trainable

NEW_MODEL = ("layers", "width", "heads", "feed_forward")
"""Options about the size of a new model."""


class TargetArguments(FitArguments, MachineArguments, LoraArguments):
    begin_with: Path | None
    like: Path | None
    catalogue: Path
    histories: Path
    out: Path
    layers: int
    width: int
    heads: int
    feed_forward: int
    max_items: int
    validation: int
    save_as: Literal["float32", "bfloat16"] | None


@click.command(short_help="Train a model to predict the next item.")
@preset_option("target")
@click.option("--histories", type=FILE, required=True, help='JSONL {"user": …, "history": [item]}.')
@click.option("--catalogue", type=FILE, required=True, help="LC-Rec index: item -> codes.")
@click.option("--out", type=NEW_DIRECTORY, required=True, help="Directory for the model.")
@click.option("--begin-with", type=DIRECTORY, help="Checkpoint to fine-tune. Default: new weights.")
@click.option(
    "--like",
    type=DIRECTORY,
    help="Checkpoint whose prompts a new model reads, such as the target of an initial draft.",
)
@click.option(
    "--layers", type=click.IntRange(1), default=6, show_default=True, help="Of a new model."
)
@click.option(
    "--width", type=click.IntRange(2), default=256, show_default=True, help="Of a new model."
)
@click.option(
    "--heads", type=click.IntRange(1), default=4, show_default=True, help="Of a new model."
)
@click.option(
    "--feed-forward", type=click.IntRange(1), default=768, show_default=True, help="Of a new model."
)
@click.option(
    "--max-items",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Maximum items of the history in the prompt, of a new model.",
)
@click.option(
    "--validation",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Users held back for validation.",
)
@click.option(
    "--save-as",
    type=click.Choice(["float32", "bfloat16"]),
    help="Number format of the saved weights.  [default: float32; that of --begin-with if an "
    "adapter is trained]",
)
@lora_options
@fit_options
@machine_options
def target(**given: object) -> None:
    """Train a model to predict the codes of the next item of a history.

    An initial draft is trained the same way, as a smaller model. Run it again after an interruption
    and it continues.
    """
    arguments = TargetArguments.model_validate(given)
    _refuse_unused(arguments)
    seed_all(arguments.seed)
    machine = arguments.machine()
    lora = arguments.lora(arguments.begin_with)
    if lora is not None and arguments.save_as is not None:
        raise TrainingError(
            "BAD_OPTION",
            "--save-as changes nothing with --lora-rank: adapters are float32, merged weights "
            "keep the numbers of --begin-with",
        )
    catalogue = read_catalogue(arguments.catalogue)
    checkpoint, prompts = _begin(arguments, catalogue, machine)
    if lora is not None:
        add_lora(checkpoint.model, lora)
    checkpoint.model.gradient_checkpointing = arguments.gradient_checkpointing
    usable = _usable_histories(arguments, prompts)
    claim_directory(
        arguments.out,
        "target.json",
        {
            **compared(arguments),
            "begins with": arguments.begin_with and checkpoint_hash(arguments.begin_with),
            "usable histories": len(usable.items),
        },
    )
    source = arguments.begin_with or arguments.like
    if source is not None:
        copy_tokenizer(tokenizer_place(source), arguments.out)
    task = RecommendTask(
        checkpoint,
        usable,
        prompts=prompts,
        machine=machine,
        options=RecommendOptions(
            batch_size=arguments.batch_size, validation=arguments.validation, seed=arguments.seed
        ),
    )
    weights = sum(weight.numel() for weight in trainable(checkpoint.model).values())
    click.echo(
        f"Training {weights:,} weights on {len(usable.items) - arguments.validation:,} histories "
        f"({arguments.validation:,} held back), {task.steps:,} steps per epoch, "
        f"on {machine.device} in {machine.precision}"
    )
    report_fit(arguments, steps=task.steps, directory=arguments.out)

    def keep() -> None:
        if lora is None or arguments.begin_with is None:
            dtype = torch.bfloat16 if arguments.save_as == "bfloat16" else torch.float32
            save_checkpoint(checkpoint, arguments.out, dtype=dtype)
        else:
            save_adapter(checkpoint.model, arguments.out, base=arguments.begin_with, options=lora)

    progress = fit(
        checkpoint.model,
        task,
        keep=keep,
        options=arguments.fit(),
        machine=machine,
        directory=arguments.out,
        log=TrainingLog(arguments.out, echo=click.echo),
    )
    finish_directory(arguments.out, "target.json")
    click.echo(
        f"The {'model' if lora is None else 'adapter'} of epoch {progress.best_epoch} is in "
        f"{arguments.out}; log.jsonl and curves.png have its history"
    )
    if arguments.save_merged:
        save_merged(arguments.out, arguments.out / "merged")
        click.echo(f"The merged model is in {arguments.out / 'merged'}")


def _refuse_unused(arguments: TargetArguments) -> None:
    """Raises TrainingError BAD_OPTION for an option that would change nothing."""
    if arguments.begin_with is not None and arguments.like is not None:
        raise TrainingError("BAD_OPTION", "give either --begin-with or --like")
    unused: tuple[str, ...] = ()
    if arguments.begin_with is not None:
        unused = (*NEW_MODEL, "max_items")
    elif arguments.like is not None:
        unused = ("max_items",)
    context = click.get_current_context()
    for name in unused:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise TrainingError(
                "BAD_OPTION",
                f"--{name.replace('_', '-')} is of new models: the checkpoint "
                f"{arguments.begin_with or arguments.like} has its own",
            )


def _begin(
    arguments: TargetArguments, catalogue: Catalogue, machine: Machine
) -> tuple[Checkpoint, Prompts]:
    if arguments.begin_with is not None:
        note_if_unfinished(arguments.begin_with)
        frozen = arguments.lora_rank is not None and machine.freezes
        checkpoint = load_checkpoint(arguments.begin_with, device=machine.device, frozen=frozen)
        return checkpoint, prompts_of(checkpoint, catalogue, arguments.begin_with)
    size = ModelSize(
        layers=arguments.layers,
        width=arguments.width,
        heads=arguments.heads,
        feed_forward=arguments.feed_forward,
    )
    if arguments.like is not None:
        checkpoint = model_like(arguments.like, size)
        return checkpoint, prompts_of(checkpoint, catalogue, arguments.like)
    checkpoint = new_model(catalogue, size, max_items=arguments.max_items)
    return checkpoint, open_prompts(checkpoint.prompt, catalogue, arguments.out)


def _usable_histories(arguments: TargetArguments, prompts: Prompts) -> Histories:
    """Those with a next item whose prompts the model can take."""
    histories = read_histories(
        arguments.histories, prompts.catalogue, columns=prompts.spec.columns
    ).where(lambda items, _: len(items) > 1)
    usable = histories.where(lambda items, texts: prompts.fits(prompts.encode(items[:-1], texts)))
    if len(usable.items) <= arguments.validation:
        raise TrainingError(
            "BAD_HISTORIES",
            f"{arguments.histories}: {len(usable.items):,} histories of two items or more are too "
            f"few to hold back {arguments.validation:,}: give more, or a smaller --validation",
        )
    if too_long := len(histories.items) - len(usable.items):
        click.echo(
            f"note: {too_long:,} histories have prompts of more than {prompts.max_tokens:,} tokens "
            "and are left out, as in a run: see maxItems in nightbeam.json",
            err=True,
        )
    return usable
