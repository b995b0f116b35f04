"""Which draft is best: sizes, ways to begin and losses, trained side by side for the same time.

    PYTHONPATH=training python3 bench/scripts/training/best-draft.py --target DIR --catalogue FILE \
        --train histories.jsonl --test unseen.jsonl --out DIR [--seconds 150]

1. Labels histories of the training users (whole, cut and mixed ones) with the target's beams.
2. Trains every job as a process of its own, `--seconds` each, all at the same time.
3. Counts calls and nodes of all test users, with widths chosen per level for held-out training
   users.

`results.jsonl` in --out has a line per job, K and number of drafted nodes; `best` is the draft
with the fewest calls at K = 20 within 120 nodes. No test user is in the training data: a user of
--test that is also in --train is left out of training.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from edge_margin import edge_margin
from torch import Tensor

from nightbeam_training.align.batch import AlignBatch, align_batch, draft_scores, drafted_levels
from nightbeam_training.align.distributions import distributions
from nightbeam_training.align.objective import total_loss
from nightbeam_training.align.options import ObjectiveOptions
from nightbeam_training.data.augment import Question, questions
from nightbeam_training.data.catalogue import Catalogue, read_catalogue
from nightbeam_training.data.histories import read_histories
from nightbeam_training.data.prompts import Prompts
from nightbeam_training.data.teacher_files import TeacherSource, teacher_files
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.draft.begin import Shape, initial_draft
from nightbeam_training.draft.held_out import HeldOut
from nightbeam_training.draft.widths import widths_for
from nightbeam_training.model.checkpoint import (
    Checkpoint,
    checkpoint_hash,
    load_checkpoint,
    prompts_of,
    save_checkpoint,
)
from nightbeam_training.model.precision import Machine, open_machine
from nightbeam_training.teach.label import Teacher
from nightbeam_training.teach.write import WriteOptions, write_teacher_data

BEAM_WIDTHS = (10, 20)
TOTALS = (60, 75, 90, 105, 112, 120)
GOAL_NODES = 120
MARGIN = 0.03
"""Weight of the listwise loss at the edge, in the jobs that have it."""
HELD_OUT = 512


@dataclass(frozen=True)
class Job:
    name: str
    shape: Shape
    margin: float
    """Weight of the listwise loss at the edge."""
    batch: int = 256
    rate: float = 2e-3


JOBS = {
    job.name: job
    for job in (
        Job("new-2x96", Shape(2, 96), 0.0),
        Job("new-2x96-margin", Shape(2, 96), MARGIN),
        Job("new-2x160", Shape(2, 160), 0.0),
        Job("target-1", Shape(1, None), 0.0, rate=1e-3),
        Job("target-2", Shape(2, None), 0.0, rate=1e-3),
        Job("target-2-margin", Shape(2, None), MARGIN, rate=1e-3),
        Job("target-4", Shape(4, None), 0.0, rate=1e-3),
    )
}


DEFAULT_JOBS = ["new-2x96", "new-2x160", "target-1", "target-2", "target-2-margin", "target-4"]


@dataclass(frozen=True)
class Place:
    """What every process opens."""

    given: argparse.Namespace
    machine: Machine
    catalogue: Catalogue
    target: Checkpoint
    prompts: Prompts

    def held_out(self, name: str) -> HeldOut:
        return HeldOut(
            pool=TeacherPool(
                teacher_files([self.given.work / name]),
                self.catalogue.trie,
                self.machine.device,
            ),
            prompts=self.prompts,
            machine=self.machine,
            scoring="full",
            batch_size=self.given.evaluate_batch,
        )


def main() -> None:
    given = arguments()
    given.work = given.work or given.out / "work"
    given.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {line}", flush=True)

    if given.stage == "label":
        return label(open_place(given), given.shard)
    if given.stage == "train":
        return train(open_place(given), JOBS[given.job[0]])
    say(f"labelling in {given.labellers} processes")
    if side_by_side([["--stage", "label", "--shard", str(n)] for n in range(given.labellers)]):
        sys.exit("a labelling process failed: see above")
    size = sum(file.stat().st_size for file in given.work.rglob("*.safetensors"))
    say(f"teacher data: {size / 1e6:,.0f} MB; training {', '.join(given.job)}")
    if failed := side_by_side([["--stage", "train", "--job", job] for job in given.job]):
        say(f"{failed} of {len(given.job)} jobs failed: see above")
    rows = [
        json.loads(line)
        for job in given.job
        if (given.out / f"{job}.jsonl").exists()
        for line in (given.out / f"{job}.jsonl").read_text().splitlines()
    ]
    (given.out / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for row in rows:
        if row["kind"] == "test":
            print(
                f"{row['job']:16} {row['weights'] / 1e6:5.2f} M  K = {row['beamWidth']:2}  "
                f"{'/'.join(map(str, row['widths'])):>11}  {row['calls']:.3f} calls  "
                f"{row['nodes']:6.1f} nodes"
            )
    within = [
        row
        for row in rows
        if row["kind"] == "test" and row["beamWidth"] == 20 and row["nodes"] <= GOAL_NODES
    ]
    if within:
        best = min(within, key=lambda row: float(row["calls"]))
        shutil.copytree(given.work / best["job"], given.out / "best", dirs_exist_ok=True)
        say(f"best within {GOAL_NODES} nodes at K = 20: {best['job']}")
    say("done")
    return None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("target", "catalogue", "train", "test", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--work", type=Path, help="Directory for teacher data. Default: OUT/work.")
    parser.add_argument("--job", nargs="+", choices=list(JOBS), default=DEFAULT_JOBS)
    parser.add_argument("--seconds", type=float, default=150, help="Of training, per job.")
    parser.add_argument("--users", type=int, help="Read only the first users.")
    parser.add_argument("--cuts", type=int, default=6, help="Cut histories per user.")
    parser.add_argument("--mixes", type=int, default=12, help="Mixed histories per user.")
    parser.add_argument(
        "--totals",
        type=int,
        nargs="*",
        default=TOTALS,
        help="Numbers of drafted nodes to evaluate.",
    )
    parser.add_argument("--test-users", type=int, help="Evaluate on the first test users only.")
    parser.add_argument("--teacher-width", type=int, default=40)
    parser.add_argument("--edge-width", type=int, default=80)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--labellers", type=int, default=4, help="Processes that label.")
    parser.add_argument("--evaluate-batch", type=int, default=512)
    parser.add_argument("--stage", choices=["all", "label", "train"], default="all")
    parser.add_argument("--shard", type=int, default=0)
    return parser.parse_args()


def side_by_side(calls: list[list[str]]) -> int:
    """Runs this script with further arguments, all at the same time; how many of them failed."""
    base = [sys.executable, __file__, *sys.argv[1:]]
    running = [subprocess.Popen([*base, *call]) for call in calls]
    return sum(process.wait() != 0 for process in running)


def open_place(given: argparse.Namespace) -> Place:
    machine = open_machine(device=given.device, precision="fp32", threads=given.threads)
    catalogue = read_catalogue(given.catalogue)
    target = load_checkpoint(given.target)
    prompts = prompts_of(target, catalogue, given.target)
    return Place(given, machine, catalogue, target, prompts)


def label(place: Place, shard: int) -> None:
    """Every labeller writes its share of the training questions; the first two, the others too."""
    given, catalogue = place.given, place.catalogue
    test = read_histories(given.test, catalogue)
    unseen = set(test.users)
    read = read_histories(given.train, catalogue, given.users)
    known = [
        items for user, items in zip(read.users, read.items, strict=True) if user not in unseen
    ]
    held = min(HELD_OUT, len(known) // 5)
    rest = known[held:]
    asked: list[Question] = [
        *questions(rest, kind="whole", copies=1, seed=1),
        *questions(rest, kind="cut", copies=given.cuts, seed=2),
        *questions(rest, kind="mix", copies=given.mixes, seed=3),
    ]
    mine = asked[shard :: given.labellers]
    width = given.teacher_width
    jobs = [(f"train/{shard}", mine, width)]
    if shard == 0:
        whole = list(questions(known[:held], kind="whole", copies=1, seed=0))
        jobs.append(("held/0", whole, max(BEAM_WIDTHS)))
    if shard == 1 % given.labellers:
        whole = list(questions(test.items[: given.test_users], kind="whole", copies=1, seed=0))
        jobs.append(("test/0", whole, max(BEAM_WIDTHS)))
    teacher = Teacher(place.target, place.prompts, machine=place.machine, scoring="full")
    source = TeacherSource(
        target=checkpoint_hash(given.target),
        catalogue=catalogue.hash,
        scoring="full",
        levels=catalogue.trie.levels,
    )
    for name, wanted, beam_width in jobs:
        write_teacher_data(
            given.work / name,
            wanted,
            teacher=teacher,
            catalogue=catalogue,
            source=source,
            options=WriteOptions(
                beam_width=beam_width,
                shard_size=16_384,
                batch_size=256,
                roll=0,
                seed=shard,
            ),
            progress=lambda *_: None,
        )


def loss_of(model: Checkpoint, batch: AlignBatch, place: Place, job: Job) -> Tensor:
    """KL at every node, the error of the scores near the edge, and the listwise loss there."""
    scores = draft_scores(model.model, batch, prompt=False)
    options = ObjectiveOptions.model_validate(
        {
            "objective": "beam-score",
            "alpha": 1,
            "over": "vocabulary",
            "edge_width": place.given.edge_width,
        }
    )
    loss, _ = total_loss(scores, batch, options)
    if job.margin > 0:
        log_q, log_p = distributions(scores.codes, batch.log_p, options)
        codes = batch.log_p.shape[-1]
        loss = loss + job.margin * edge_margin(
            log_q[..., :codes],
            log_p[..., :codes],
            batch.tree,
            levels=batch.levels,
            beam_width=20,
            draft_width=40,
        )
    return loss


def train(place: Place, job: Job) -> None:
    given, machine, catalogue = place.given, place.machine, place.catalogue
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    draft = initial_draft(place.target, job.shape, given.target)
    draft.model.to(machine.device)
    weights = sum(weight.numel() for weight in draft.model.parameters())
    files = teacher_files(sorted((given.work / "train").iterdir()))
    pool = TeacherPool(files, catalogue.trie, machine.device)
    held, test = place.held_out("held/0"), place.held_out("test/0")
    drafted = catalogue.trie.levels - 1
    rows: list[dict[str, object]] = []
    optimizer = torch.optim.AdamW(
        draft.model.parameters(),
        lr=job.rate,
        betas=(0.9, 0.98),
        weight_decay=0.01,
        fused=True,
    )
    rng = np.random.default_rng(0)
    numbers = iter(())
    started = shown = time.monotonic()
    steps, seen, mean = 0, 0, math.nan
    while (elapsed := time.monotonic() - started) < given.seconds:
        rate = job.rate * min(1, (steps + 1) / 100)
        rate *= 0.5 * (1 + math.cos(math.pi * elapsed / given.seconds))
        for group in optimizer.param_groups:
            group["lr"] = rate
        at = next(numbers, None)
        if at is None:
            numbers = pool.batches(np.arange(len(pool)), size=job.batch, rng=rng)
            at = next(numbers)
        batch = align_batch(
            drafted_levels(pool.take(at), pool.trie),
            trie=pool.trie,
            tokens=place.prompts.tokens,
            width=max(BEAM_WIDTHS),
        )
        loss = loss_of(draft, batch, place, job)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(draft.model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        steps, seen = steps + 1, seen + len(at)
        if steps % 20 == 0 or steps == 1:
            value = float(loss.detach())
            mean = value if math.isnan(mean) else 0.9 * mean + 0.1 * value
        if time.monotonic() - shown > given.seconds / 5:
            found = held.acceptance(draft, beam_width=20, widths=[40] * drafted)
            calls = found.calls / found.users
            figures = {"seconds": elapsed, "steps": steps, "loss": mean, "calls": calls}
            rows.append({"job": job.name, "kind": "learning", **figures})
            print(f"  {job.name}: {steps:,} steps, loss {mean:.4f}, {calls:.3f} calls", flush=True)
            shown = time.monotonic()
    draft.model.eval()
    torch.set_float32_matmul_precision("highest")
    save_checkpoint(draft, given.work / job.name)
    trained = {"seconds": given.seconds, "steps": steps, "seen": seen, "loss": mean}
    trained |= {"examples": len(pool), "device": str(machine.device)}
    rows.append({"job": job.name, "kind": "train", "weights": weights, **trained})
    sizes = np.diff(catalogue.trie.level_start)[1 : catalogue.trie.levels]
    for beam_width in BEAM_WIDTHS:
        needs = held.needs(draft, beam_width=beam_width, widths=[40] * drafted, limit=80)
        least = beam_width * drafted
        chosen = [
            widths_for(needs, nodes=total, beam_width=beam_width, sizes=sizes)
            for total in given.totals
            if total >= least
        ]
        for widths in ([40] * drafted, *chosen):
            found = test.acceptance(draft, beam_width=beam_width, widths=widths)
            rows.append(
                {
                    "job": job.name,
                    "kind": "test",
                    "weights": weights,
                    "layers": job.shape.layers,
                    "beamWidth": beam_width,
                    "widths": widths,
                    "calls": found.calls / found.users,
                    "nodes": found.nodes / found.users,
                    "acceptedSteps": found.accepted_steps / found.users,
                }
            )
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (given.out / f"{job.name}.jsonl").write_text(text)


if __name__ == "__main__":
    main()
