"""Drafts to begin with, and how their size is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from world import make_model, make_world

from nightbeam_training.draft.begin import Shape, initial_draft, parse_shape, possible_shapes
from nightbeam_training.draft.choose import Search, choose_shape
from nightbeam_training.draft.cost import COST_LINES, Size, Work, milliseconds
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import save_checkpoint

LAYERS = ["full_attention", "attention", "attention", "full_attention", "attention"]
NOWHERE = Path("nowhere")
"""Only a new model reads the target's directory."""
SEARCH = Search(beam_width=20, levels=4, nodes=120, prompt=40)


def test_all_of_the_layers_are_the_target() -> None:
    target = make_world().target
    same = initial_draft(target, Shape(2, None), NOWHERE)
    tokens, positions = torch.tensor([[1, 5, 9]]), torch.arange(3)[None]
    one, other = (
        each.model.logits(each.model.hidden(tokens, positions)[0]) for each in (target, same)
    )
    assert torch.equal(one, other)


def test_some_layers_are_the_first_and_the_last() -> None:
    spec = make_world().spec
    target = make_model(spec, seed=3, num_hidden_layers=5, layer_types=LAYERS)
    draft = initial_draft(target, Shape(3, None), NOWHERE)
    names = [f"model.layers.{layer}.mlp.up_proj.weight" for layer in range(5)]
    stored, own = target.model.state_dict(), draft.model.state_dict()
    for copied, original in enumerate((0, 2, 4)):
        assert torch.equal(own[names[copied]], stored[names[original]])
    assert draft.config["layer_types"] == LAYERS[::2]
    assert draft.prompt == target.prompt
    with torch.no_grad():
        draft.model.lm_head.weight.zero_()
    assert target.model.lm_head.weight.abs().sum() > 0


@pytest.mark.parametrize("text", ["2x96", "target:1"])
def test_shapes_are_read_and_sized(text: str, tmp_path: Path) -> None:
    target = make_world().target
    save_checkpoint(target, tmp_path)
    shape = parse_shape(text, target)
    assert str(shape) == text
    [(_, size)] = possible_shapes(target, shape)
    assert size == Size.of(initial_draft(target, shape, tmp_path))


@pytest.mark.parametrize("text", ["2x33", "0x32", "target:0", "target:2", "2x", "large", "2x32 "])
def test_other_shapes_are_refused(text: str) -> None:
    with pytest.raises(TrainingError) as caught:
        parse_shape(text, make_world().target)
    assert caught.value.code == "BAD_OPTION"
    assert text in str(caught.value)


@pytest.mark.parametrize("name", COST_LINES)
def test_the_chosen_shape_costs_least(name: str) -> None:
    target = make_model(make_world().spec, seed=0, hidden_size=256, num_hidden_layers=6)
    chosen = choose_shape(target, COST_LINES[name], SEARCH)
    others = [
        choose_shape(target, COST_LINES[name], SEARCH, given=shape)
        for shape, _ in possible_shapes(target)
    ]
    assert chosen.milliseconds == min(other.milliseconds for other in others)
    assert {other.plain for other in others} == {chosen.plain}


def test_cost_lines_follow_the_measured_calls() -> None:
    """docs/results/gpu.md and one-machine.md, within a third."""
    h200, cpu = COST_LINES["h200"].target, COST_LINES["cpu"].target
    seven, small = Size(layers=32, weights=6_484_692_992), Size(layers=6, weights=5_600_000)
    assert h200.fixed(seven) == pytest.approx(26, rel=0.33)
    batch = h200.fixed(seven) + 64 * 0.11 * h200.per_thousand(seven)
    assert batch == pytest.approx(220, rel=0.33)
    assert h200.fixed(small) == pytest.approx(6.5, rel=0.33)
    plain = cpu.per_thousand(small) * 0.095
    assert plain == pytest.approx(1000 / 304, rel=0.33)


def test_a_draft_pays_by_calls_and_costs_by_tokens() -> None:
    target, draft = Size(layers=32, weights=7_000_000_000), Size(layers=2, weights=70_000_000)
    plain = Work(prompt=40, calls=4, nodes=60, widths=())
    drafted = Work(prompt=40, calls=1.2, nodes=120, widths=(40, 40, 40))
    gpu, network = (COST_LINES[name] for name in ("h200", "network"))
    for line in (gpu, network):
        with_draft = milliseconds(line, drafted, target=target, draft=draft)
        assert with_draft < milliseconds(line, plain, target=target, draft=None)
    small = Size(layers=6, weights=5_600_000)
    cpu = COST_LINES["cpu"]
    with_draft = milliseconds(cpu, drafted, target=small, draft=Size(2, 420_000))
    assert with_draft > milliseconds(cpu, plain, target=small, draft=None)
