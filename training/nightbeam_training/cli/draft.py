"""`nightbeam-train draft`: a draft for a target, from histories to the widths to use."""

from __future__ import annotations

import click

from nightbeam_training.cli.draft_inputs import (
    DraftArguments,
    beam_widths_of,
    chosen_shape,
    draft_to_continue,
    source_of,
    usable_histories,
)
from nightbeam_training.cli.options import compared, options_of
from nightbeam_training.cli.teacher_data import complete_teacher_files, note_if_unfinished
from nightbeam_training.data.catalogue import read_catalogue
from nightbeam_training.draft.cost import COST_LINES
from nightbeam_training.draft.manifest import Manifest
from nightbeam_training.draft.options import DraftOptions
from nightbeam_training.draft.progress import Progress
from nightbeam_training.draft.report import plan_lines, result_lines
from nightbeam_training.draft.run import make_draft
from nightbeam_training.draft.teacher import BATCH, TEACHER_WIDTH
from nightbeam_training.model.checkpoint import (
    checkpoint_hash,
    open_checkpoint,
    prompts_of,
    read_weights,
)
from nightbeam_training.teach.memory import Labelling, labelling_memory
from nightbeam_training.train.fit import seed_all


@click.command(short_help="Make a draft for a target: the one command to begin with.")
@options_of(DraftArguments)
def draft(**given: object) -> None:
    """Make a draft for a target, and choose its widths.

    Trains an initial draft, asks the target about histories (whole, cut and mixed ones), aligns the
    draft with the answers until calls per user no longer fall, and ends with the `nightbeam
    recommend` line to type. Run it again after an interruption and it continues.
    """
    arguments = DraftArguments.model_validate(given)
    seed_all(arguments.seed)
    progress = Progress(click.echo)
    click.echo(f"Reading {arguments.target}, {arguments.catalogue}, {arguments.histories}")
    catalogue = read_catalogue(arguments.catalogue)
    note_if_unfinished(arguments.target)
    machine = arguments.machine()
    target, stored = open_checkpoint(arguments.target)
    prompts = prompts_of(target, catalogue, arguments.target)
    histories = usable_histories(arguments, prompts)
    logs = complete_teacher_files(arguments.teacher_log) if arguments.teacher_log else []
    source = source_of(arguments, logs, catalogue)
    searched = prompts.searched(source.scoring)
    beam_widths = beam_widths_of(arguments, searched.catalogue)
    line = labelling_memory(
        stored,
        list(zip(histories.items, histories.texts, strict=True)),
        prompts=prompts,
        labelling=Labelling(TEACHER_WIDTH * max(beam_widths), BATCH),
        machine=machine,
        remedy="give --precision bf16",
    )
    if line is not None:
        click.echo(line)
    read_weights(target, stored, device=machine.device, frozen=machine.freezes)
    choice = chosen_shape(arguments, target, searched, histories, max(beam_widths))
    options = DraftOptions(
        target=target,
        target_directory=arguments.target,
        prompts=prompts,
        source=source,
        histories=histories,
        out=arguments.out,
        teacher_logs=logs,
        draft=draft_to_continue(arguments, prompts),
        shape=choice.shape,
        line=COST_LINES[arguments.cost],
        beam_widths=beam_widths,
        nodes=arguments.nodes,
        minutes=arguments.minutes,
        seed=arguments.seed,
        machine=machine,
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    manifest = Manifest(
        arguments.out,
        {
            **compared(arguments),
            "target": source.target,
            "catalogue": source.catalogue,
            "users": len(histories.users),
            "teacher log files": len(logs),
            "continues": arguments.continue_from and checkpoint_hash(arguments.continue_from),
        },
    )
    for line in plan_lines(options, choice):
        click.echo(line)
    result = make_draft(options, manifest, progress)
    places = {name: getattr(arguments, name) for name in ("target", "catalogue", "histories")}
    for line in result_lines(result, options, places):
        click.echo(line)
