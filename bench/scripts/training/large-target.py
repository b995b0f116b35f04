"""A target of Qwen2-7B's shape on one GPU: how fast it labels histories and trains an adapter.

    PYTHONPATH=training python3 bench/scripts/training/large-target.py [--max-items 20,100]
        [--commands]
    PYTHONPATH=training python3 bench/scripts/training/large-target.py --tiny --device cpu

The weights are random and made on the device, in bfloat16. The catalogue and the histories are
--catalogue and --histories, or made up in the shape of Amazon Beauty: 12,101 items, 4 levels of 256
codes. One JSON line per measurement:

- `make`: seconds, weights, GB on the device
- `teacher`: what `nightbeam-train teacher --precision bf16` does after loading: users/s
- `train`: what `nightbeam-train target --lora-rank --gradient-checkpointing` does: steps/s of the
  second half of the steps, and the GB that the adapter and the state to continue from take
- `same seed`: whether two short runs of a small model give the same bits
- `same commands`, with --commands: the same for target, teacher and align

Peaks are of the device's memory in GB (10^9 bytes); on a CPU of the whole process. `estimated` is
what the commands would say before they begin.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from click.testing import CliRunner
from torch import nn

from nightbeam_training.cli.main import commands
from nightbeam_training.data.augment import Question
from nightbeam_training.data.catalogue import Catalogue, make_catalogue, read_catalogue
from nightbeam_training.data.histories import Histories, read_histories
from nightbeam_training.data.prompt_spec import ItemsPrompt, PromptSpec
from nightbeam_training.data.prompts import Prompts, open_prompts
from nightbeam_training.data.teacher_files import TeacherSource
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.model.config import parse_llama_config
from nightbeam_training.model.llama import Llama
from nightbeam_training.model.lora import LoraOptions, add_lora, save_adapter
from nightbeam_training.model.memory import SearchBatch, Training, search_memory, training_memory
from nightbeam_training.model.open_stored import StoredModel
from nightbeam_training.model.precision import Machine, open_machine
from nightbeam_training.model.stored import StoredTensor
from nightbeam_training.recommend.run import RecommendOptions, RecommendTask
from nightbeam_training.teach.label import Teacher
from nightbeam_training.teach.write import WriteOptions, write_teacher_data
from nightbeam_training.train.fit import STATE_FILE, FitOptions, fit, seed_all
from nightbeam_training.train.log import TrainingLog, read_log

QWEN2_7B = {
    "model_type": "qwen2",
    "hidden_size": 3584,
    "intermediate_size": 18_944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1_000_000.0,
    "max_position_embeddings": 32_768,
}
TINY = {
    **QWEN2_7B,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
VOCABULARY, TINY_VOCABULARY = 152_064, 1000
"""Before the codes' tokens."""
LEVELS, CODES, ITEMS = 4, 256, 12_101


@dataclass(frozen=True)
class Run:
    """What is measured on which machine."""

    arguments: argparse.Namespace
    machine: Machine
    catalogue: Catalogue
    histories: Histories
    folder: Path

    def estimated(self, checkpoint: Checkpoint) -> StoredModel:
        """The model as if it were in a file of bfloat16, for estimates of its memory."""
        weights = checkpoint.model.state_dict()
        return StoredModel(
            directory=self.folder,
            base=self.folder,
            config=checkpoint.model.config,
            raw=checkpoint.config,
            tensors={
                name: StoredTensor(self.folder, name, "BF16", tuple(weight.shape))
                for name, weight in weights.items()
                if ".lora_" not in name
            },
            changes={},
        )

    @property
    def vocabulary(self) -> int:
        return TINY_VOCABULARY if self.arguments.tiny else VOCABULARY

    @property
    def shape(self) -> dict[str, Any]:
        return TINY if self.arguments.tiny else QWEN2_7B


def say(step: str, **figures: object) -> None:
    rounded = {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in figures.items()
    }
    print(json.dumps({"step": step, **rounded}), flush=True)


@contextmanager
def measured(device: torch.device, figures: dict[str, Any]) -> Iterator[None]:
    """Adds the seconds and the peak of the memory inside the block."""
    if device.type == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    began = time.monotonic()
    yield
    if device.type == "cuda":
        torch.cuda.synchronize()
        figures["peak GB"] = torch.cuda.max_memory_allocated() / 1e9
    else:
        figures["peak GB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    figures["seconds"] = time.monotonic() - began


def make_model(shape: dict[str, Any], spec: PromptSpec, device: torch.device) -> Checkpoint:
    """As `load_checkpoint(frozen=True)` returns a checkpoint that is stored in bfloat16."""
    vocabulary = max(spec.codeTokenOffsets or []) + CODES
    config = {**shape, "vocab_size": vocabulary}
    with torch.device("meta"):
        model = Llama(parse_llama_config(config, "config"))
    generator = torch.Generator(device).manual_seed(0)
    weights = {}
    for name, weight in model.state_dict().items():
        if weight.dim() < 2:
            weights[name] = torch.full(weight.shape, float("norm" in name), device=device)
        else:
            made = torch.empty(weight.shape, dtype=torch.bfloat16, device=device)
            weights[name] = made.normal_(std=0.02, generator=generator)
    model.load_state_dict(weights, assign=True)
    return Checkpoint(model=model, config=config, prompt=spec)


def prompt_spec(max_items: int, first: int) -> PromptSpec:
    return PromptSpec(
        levels=LEVELS,
        codesPerLevel=CODES,
        codeTokenOffsets=[first + CODES * level for level in range(LEVELS)],
        prompt=ItemsPrompt(kind="items", maxItems=max_items),
    )


def open_world(arguments: argparse.Namespace) -> tuple[Catalogue, Histories]:
    rng = np.random.default_rng(0)
    if arguments.catalogue is not None:
        catalogue = read_catalogue(arguments.catalogue)
    else:
        paths = rng.integers(CODES, size=(ITEMS, LEVELS))
        catalogue = make_catalogue([f"item {number}" for number in range(ITEMS)], paths)
    if arguments.histories is not None:
        return catalogue, read_histories(arguments.histories, catalogue)
    items = len(catalogue.item_ids)
    lengths = rng.integers(3, max(arguments.max_items) + 1, size=20_000)
    made = [rng.integers(items, size=int(length)) for length in lengths]
    return catalogue, Histories(
        users=list(map(str, range(len(made)))), items=made, texts=[{} for _ in made]
    )


def first(histories: Histories, count: int) -> Histories:
    """The first histories with a next item."""
    usable = histories.where(lambda items, _: len(items) > 1)
    return Histories(usable.users[:count], usable.items[:count], usable.texts[:count])


def label(run: Run, checkpoint: Checkpoint, prompts: Prompts, max_items: int) -> None:
    teacher = Teacher(checkpoint, prompts, machine=run.machine, scoring="full")
    source = TeacherSource(
        target="0" * 64, catalogue=run.catalogue.hash, scoring="full", levels=LEVELS
    )
    questions = [Question(history, None) for history in run.histories.items[: run.arguments.users]]
    # The first call of a kernel takes longer.
    teacher.label(questions[: run.arguments.label_batch], width=run.arguments.beam_width)
    search = SearchBatch(
        users=run.arguments.label_batch,
        tokens=run.arguments.label_batch * max_items * LEVELS,
        beams=run.arguments.beam_width + 1,
        levels=LEVELS,
    )
    need = search_memory(run.estimated(checkpoint), search, machine=run.machine)
    figures: dict[str, Any] = {"estimated GB": need.total / 1e9}
    with measured(run.machine.device, figures):
        write_teacher_data(
            run.folder / f"teacher-{max_items}",
            questions,
            teacher=teacher,
            catalogue=run.catalogue,
            source=source,
            options=WriteOptions(
                beam_width=run.arguments.beam_width,
                shard_size=len(questions),
                batch_size=run.arguments.label_batch,
                roll=0,
                seed=0,
            ),
            progress=lambda *_: None,
        )
    say(
        "teacher",
        users=len(questions),
        max_items=max_items,
        beam_width=run.arguments.beam_width,
        batch=run.arguments.label_batch,
        **{"users/s": len(questions) / figures["seconds"]},
        **figures,
    )


def train(run: Run, checkpoint: Checkpoint, prompts: Prompts, max_items: int) -> None:
    options = LoraOptions(rank=run.arguments.lora_rank, alpha=2.0 * run.arguments.lora_rank)
    add_lora(checkpoint.model, options)
    checkpoint.model.gradient_checkpointing = True
    batch, steps = run.arguments.batch_size, max(run.arguments.steps // 2, 1)
    usable = first(run.histories, batch * steps + 16)
    task = RecommendTask(
        checkpoint,
        usable,
        prompts=prompts,
        machine=run.machine,
        options=RecommendOptions(batch_size=batch, validation=16, seed=0),
    )
    out = run.folder / f"adapter-{max_items}"
    out.mkdir()
    tokens = sum(int((each.tokens >= 0).sum()) for each in task.batches(1, 0))
    step = Training(
        tokens=batch * (max_items + 1) * LEVELS, lora=options, gradient_checkpointing=True
    )
    need = training_memory(run.estimated(checkpoint), step, machine=run.machine)
    figures: dict[str, Any] = {"estimated GB": need.total / 1e9}
    with measured(run.machine.device, figures):
        fit(
            checkpoint.model,
            task,
            keep=lambda: save_adapter(checkpoint.model, out, base=out, options=options),
            options=FitOptions(
                epochs=2,
                learning_rate=1e-4,
                weight_decay=0.0,
                schedule="constant",
                warmup_steps=1,
                patience=0,
                clip=1.0,
                save_minutes=60.0,
            ),
            machine=run.machine,
            directory=out,
            log=TrainingLog(out, echo=lambda _: None),
        )
    rows = read_log(out)
    seconds = rows[1]["seconds"] - rows[0]["seconds"]
    say(
        "train",
        rank=options.rank,
        max_items=max_items,
        batch=batch,
        steps=2 * task.steps,
        **{
            "steps/s": task.steps / max(seconds, 0.1),
            "tokens/s": tokens / max(seconds, 0.1),
            "losses": [round(row["train"]["loss"], 3) for row in rows],
            "adapter GB": (out / "adapter_model.safetensors").stat().st_size / 1e9,
            "state GB": (out / STATE_FILE).stat().st_size / 1e9,
        },
        **figures,
    )


def same_seed(run: Run) -> None:
    """Trains a small model twice, all weights of it."""

    def weights(number: int) -> list[torch.Tensor]:
        seed_all(0)
        spec = prompt_spec(20, 4)
        checkpoint = make_model(TINY, spec, run.machine.device)
        checkpoint.model.float().requires_grad_(True)
        task = RecommendTask(
            checkpoint,
            first(run.histories, 300),
            prompts=open_prompts(spec, run.catalogue, Path("config.json")),
            machine=run.machine,
            options=RecommendOptions(batch_size=32, validation=20, seed=0),
        )
        optimizer = torch.optim.AdamW(checkpoint.model.parameters(), lr=1e-3, fused=True)
        for batch in task.batches(0, 0):
            with run.machine.autocast():
                loss, _ = task.loss(batch)
            loss.backward()
            nn.utils.clip_grad_norm_(checkpoint.model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
        return [weight.detach().cpu() for weight in checkpoint.model.parameters()]

    one, other = weights(0), weights(1)
    say("same seed", equal=all(map(torch.equal, one, other)))


def same_commands(run: Run) -> None:
    """Runs target, teacher and align twice on the device, and compares the drafts to the bit."""
    rng = np.random.default_rng(0)
    index = {
        f"i{number}": [f"<{'abc'[level]}_{code}>" for level, code in enumerate(path)]
        for number, path in enumerate(rng.integers(12, size=(300, 3)).tolist())
    }
    place = run.folder / "commands"
    place.mkdir()
    (place / "items.index.json").write_text(json.dumps(index))
    rows = [
        {"user": f"u{user}", "history": [f"i{item}" for item in rng.integers(300, size=8)]}
        for user in range(200)
    ]
    (place / "histories.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    catalogue = ["--catalogue", place / "items.index.json"]
    data = [*catalogue, "--histories", place / "histories.jsonl"]
    short = [
        "--device",
        run.arguments.device,
        "--epochs",
        1,
        "--batch-size",
        64,
        "--validation",
        40,
    ]
    short += ["--warmup-steps", 1, "--precision", "bf16"]
    size = ["--layers", 2, "--width", 64, "--heads", 2, "--feed-forward", 128]

    def command(*words: object) -> None:
        CliRunner().invoke(commands, list(map(str, words)), catch_exceptions=False)

    began = time.monotonic()
    for turn in ("a", "b"):
        out = place / turn
        command("target", *data, "--out", out / "target", *size, *short)
        asked = ["--target", out / "target", "--device", run.arguments.device]
        command("teacher", *data, *asked, "--beam-width", 10, "--out", out / "teacher")
        for objective in ("beam-score", "atspeed-s", "atspeed-r"):
            command(
                *("align", "--draft", out / "target", "--teacher", out / "teacher", *catalogue),
                *("--beam-width", 10, "--draft-width", 12, "--objective", objective),
                *("--out", out / objective, *short),
            )
    files = sorted(path.relative_to(place / "a") for path in place.glob("a/*/*.safetensors"))
    say(
        "same commands",
        seconds=time.monotonic() - began,
        equal={
            str(file): (place / "a" / file).read_bytes() == (place / "b" / file).read_bytes()
            for file in files
        },
    )


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--catalogue", type=Path)
    parser.add_argument("--histories", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--tiny", action="store_true", help="A model that a CPU can rehearse with.")
    parser.add_argument("--commands", action="store_true", help="Also run commands twice.")
    parser.add_argument("--users", type=int, default=1024)
    parser.add_argument("--beam-width", type=int, default=20)
    parser.add_argument("--label-batch", type=int, default=64)
    parser.add_argument("--lora-rank", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument(
        "--max-items",
        type=lambda text: [int(part) for part in text.split(",")],
        default=[20],
        help="Items per prompt; several, separated by commas, are measured one after the other.",
    )
    return parser.parse_args()


def main() -> None:
    arguments = parsed()
    seed_all(0)
    machine = open_machine(device=arguments.device, precision="bf16")
    catalogue, histories = open_world(arguments)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(arguments, machine, catalogue, histories, Path(folder))
        same_seed(run)
        for max_items in arguments.max_items:
            spec = prompt_spec(max_items, run.vocabulary)
            figures: dict[str, Any] = {}
            with measured(machine.device, figures):
                checkpoint = make_model(run.shape, spec, machine.device)
            parameters = list(checkpoint.model.parameters())
            say(
                "make",
                weights=sum(weight.numel() for weight in parameters),
                GB=sum(weight.numel() * weight.itemsize for weight in parameters) / 1e9,
                **figures,
            )
            prompts = open_prompts(spec, catalogue, Path("config.json"))
            label(run, checkpoint, prompts, max_items)
            train(run, checkpoint, prompts, max_items)
            del checkpoint, parameters
        if arguments.commands:
            same_commands(run)


if __name__ == "__main__":
    main()
