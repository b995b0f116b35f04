"""`nightbeam-train align`: trains a draft on the target's answers."""

from __future__ import annotations

from pathlib import Path

import click

from nightbeam_training.align.draft_beams import DraftBeams
from nightbeam_training.align.options import OVER_BY_SCORING, Over
from nightbeam_training.align.run import AlignTask
from nightbeam_training.cli.align_options import AlignArguments, check, note_on_unused, of_answers
from nightbeam_training.cli.fit_options import report_fit
from nightbeam_training.cli.options import compared, options_of
from nightbeam_training.cli.presets import preset_option
from nightbeam_training.cli.teacher_data import (
    check_prompts,
    complete_teacher_files,
    note_if_unfinished,
    note_on_width,
)
from nightbeam_training.data.catalogue import read_catalogue
from nightbeam_training.data.prompts import Prompts
from nightbeam_training.data.teacher_files import TeacherSource, shared_source
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.data.tokenizer import copy_tokenizer
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import (
    Checkpoint,
    checkpoint_hash,
    load_checkpoint,
    prompts_of,
    save_checkpoint,
    tokenizer_place,
)
from nightbeam_training.model.heads import searched_prompts, with_heads
from nightbeam_training.model.models import without_dropout
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.t5 import T5
from nightbeam_training.train.fit import fit, seed_all
from nightbeam_training.train.log import TrainingLog
from nightbeam_training.train.run_options import claim_directory, finish_directory


@click.command(short_help="Align a draft with its target.")
@preset_option("align")
@options_of(AlignArguments)
def align(teacher: tuple[Path, ...], catalogue: Path, over: Over | None, **given: object) -> None:
    """Align a draft with its target, so that it proposes the prefixes that the target's search
    needs.

    Run it again after an interruption and it continues.
    """
    items = read_catalogue(catalogue)
    files = complete_teacher_files(teacher)
    source = shared_source(files, items)
    arguments = AlignArguments.model_validate(
        {
            **given,
            "teacher": teacher,
            "catalogue": catalogue,
            "over": over or OVER_BY_SCORING[source.scoring],
        }
    )
    seed_all(arguments.seed)
    machine = arguments.machine()
    note_if_unfinished(arguments.draft)
    draft = _draft(arguments)
    if isinstance(draft.model, T5):
        arguments = of_answers(arguments)
        without_dropout(draft.model)
    prompts = searched_prompts(draft, prompts_of(draft, items, arguments.draft), source.scoring)
    pool = TeacherPool(files, prompts.catalogue.trie, machine.device)
    check(arguments, pool, source)
    check_prompts(prompts, pool, arguments.draft)
    claim_directory(
        arguments.out,
        "align.json",
        {
            **compared(arguments),
            "begins with": checkpoint_hash(arguments.draft),
            "examples": len(pool),
        },
    )
    copy_tokenizer(tokenizer_place(arguments.draft), arguments.out)
    task = AlignTask(
        draft,
        pool,
        tokens=prompts.tokens,
        scoring=source.scoring,
        machine=machine,
        options=arguments,
        draft_beams=_draft_beams(arguments, pool, prompts, source, machine),
    )
    click.echo(
        f"Aligning {arguments.draft} by {arguments.objective} on "
        f"{len(pool) - arguments.validation:,} examples "
        f"({arguments.validation:,} held back), {task.steps:,} steps per epoch, "
        f"on {machine.device} in {machine.precision}"
    )
    note_on_unused(arguments)
    note_on_width(pool, items.trie, arguments.beam_width)
    report_fit(arguments, steps=task.steps, directory=arguments.out)
    progress = fit(
        draft.model,
        task,
        keep=lambda: save_checkpoint(draft, arguments.out),
        options=arguments.fit(),
        machine=machine,
        directory=arguments.out,
        log=TrainingLog(arguments.out, echo=click.echo),
    )
    finish_directory(arguments.out, "align.json")
    click.echo(
        f"The draft of epoch {progress.best_epoch} is in {arguments.out}: "
        f"{progress.best:.3f} accepted steps; log.jsonl and curves.png have its history"
    )


def _draft(arguments: AlignArguments) -> Checkpoint:
    """The initial draft; for the heads objective, with heads added if it has none."""
    if arguments.objective != "heads":
        return load_checkpoint(arguments.draft)
    return with_heads(load_checkpoint(arguments.draft, heads=True))


def _draft_beams(
    arguments: AlignArguments,
    pool: TeacherPool,
    prompts: Prompts,
    source: TeacherSource,
    machine: Machine,
) -> DraftBeams | None:
    if arguments.mixture == 0 or arguments.target is None:
        return None
    found = checkpoint_hash(arguments.target)
    if found != source.target:
        raise TrainingError(
            "BAD_TEACHER_DATA",
            f"--target {arguments.target}: the teacher data is of target {source.target[:12]}, "
            f"this one is {found[:12]}: give the target that wrote the data",
        )
    return DraftBeams(
        load_checkpoint(arguments.target, device=machine.device, frozen=machine.freezes).model,
        trie=pool.trie,
        tokens=prompts.tokens,
        machine=machine,
        scoring=source.scoring,
    )
