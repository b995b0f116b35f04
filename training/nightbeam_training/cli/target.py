"""`nightbeam-train target`: a recommender from histories, from scratch or from a checkpoint."""

from __future__ import annotations

import click
import torch

from nightbeam_training.cli.fit_options import report_fit
from nightbeam_training.cli.options import compared, options_of
from nightbeam_training.cli.presets import preset_option
from nightbeam_training.cli.target_options import TargetArguments
from nightbeam_training.cli.teacher_data import note_if_unfinished
from nightbeam_training.data.catalogue import Catalogue, read_catalogue
from nightbeam_training.data.histories import Histories, read_histories
from nightbeam_training.data.prompts import Prompts, longest_prompt, open_prompts
from nightbeam_training.data.tokenizer import copy_tokenizer
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import (
    Checkpoint,
    checkpoint_hash,
    open_checkpoint,
    prompts_of,
    read_weights,
    save_checkpoint,
    tokenizer_place,
)
from nightbeam_training.model.llama import Llama
from nightbeam_training.model.lora import add_lora, save_adapter, save_merged
from nightbeam_training.model.memory import Training, training_memory
from nightbeam_training.model.open_stored import StoredModel
from nightbeam_training.model.t5 import T5
from nightbeam_training.recommend.new_model import model_like, new_model
from nightbeam_training.recommend.run import RecommendOptions, RecommendTask
from nightbeam_training.train.fit import fit, seed_all
from nightbeam_training.train.log import TrainingLog
from nightbeam_training.train.run_options import claim_directory, finish_directory
from nightbeam_training.train.state import trainable

REMEDY = (
    "give --precision bf16, --gradient-checkpointing, --lora-rank instead of all weights, or a "
    "smaller --batch-size with --accumulate"
)


@click.command(short_help="Train a model to predict the next item.")
@preset_option("target")
@options_of(TargetArguments)
def target(**given: object) -> None:
    """Train a model to predict the codes of the next item of a history.

    An initial draft is trained the same way, as a smaller model. Run it again after an interruption
    and it continues.
    """
    arguments = TargetArguments.model_validate(given)
    lora = arguments.adapter()
    seed_all(arguments.seed)
    machine = arguments.machine()
    catalogue = read_catalogue(arguments.catalogue)
    checkpoint, prompts, stored = _begin(arguments, catalogue)
    usable = _usable_histories(arguments, prompts)
    if stored is not None:
        training = Training(
            tokens=arguments.batch_size * _longest(usable, prompts),
            lora=lora,
            gradient_checkpointing=arguments.gradient_checkpointing,
        )
        need = training_memory(stored, training, machine=machine)
        if line := need.check(machine.device, remedy=REMEDY):
            click.echo(line)
        frozen = lora is not None and machine.freezes
        read_weights(checkpoint, stored, device=machine.device, frozen=frozen)
    model = checkpoint.model
    if isinstance(model, Llama):
        if arguments.next_items is not None:
            raise TrainingError(
                "BAD_OPTION", "--next-items is for a T5; a decoder learns all items of a history"
            )
        if lora is not None:
            add_lora(model, lora)
        model.gradient_checkpointing = arguments.gradient_checkpointing
    elif lora is not None or arguments.gradient_checkpointing:
        flag = "--gradient-checkpointing" if lora is None else "--lora-rank"
        raise TrainingError(
            "BAD_OPTION", f"{flag} is for decoders; this model is a T5: leave it out"
        )
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
            batch_size=arguments.batch_size,
            validation=arguments.validation,
            seed=arguments.seed,
            hold_back=arguments.hold_back,
            epoch_size=arguments.epoch_size,
            next_items=arguments.next_items or 1,
        ),
    )
    weights = sum(weight.numel() for weight in trainable(checkpoint.model).values())
    click.echo(
        f"Training {weights:,} weights on {task.histories:,} histories "
        f"({arguments.validation:,} {arguments.held_back}), {task.steps:,} steps per epoch, "
        f"on {machine.device} in {machine.precision}"
    )
    report_fit(arguments, steps=task.steps, directory=arguments.out)

    def keep() -> None:
        if lora is None or arguments.begin_with is None or isinstance(model, T5):
            dtype = torch.bfloat16 if arguments.save_as == "bfloat16" else torch.float32
            save_checkpoint(checkpoint, arguments.out, dtype=dtype)
        else:
            save_adapter(model, arguments.out, base=arguments.begin_with, options=lora)

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


def _begin(
    arguments: TargetArguments, catalogue: Catalogue
) -> tuple[Checkpoint, Prompts, StoredModel | None]:
    """The model, its prompts, and the checkpoint from which its weights are still to be read."""
    if arguments.begin_with is not None:
        note_if_unfinished(arguments.begin_with)
        checkpoint, stored = open_checkpoint(arguments.begin_with)
        return checkpoint, prompts_of(checkpoint, catalogue, arguments.begin_with), stored
    if arguments.like is not None:
        checkpoint = model_like(arguments.like, arguments.size())
        return checkpoint, prompts_of(checkpoint, catalogue, arguments.like), None
    checkpoint = new_model(catalogue, arguments.size(), max_items=arguments.max_items)
    return checkpoint, open_prompts(checkpoint.prompt, catalogue, arguments.out), None


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


def _longest(histories: Histories, prompts: Prompts) -> int:
    """Tokens of the longest example: a prompt and its answer."""
    pairs = list(zip(histories.items, histories.texts, strict=True))
    return longest_prompt(pairs, prompts) + prompts.spec.levels + len(prompts.closing)
