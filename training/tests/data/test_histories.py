"""Reading histories, and the prompts and questions made from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from world import World, make_catalogue_at_random, write_histories

from nightbeam_training.data.augment import Kind, Question, questions
from nightbeam_training.data.histories import read_histories
from nightbeam_training.data.prompt_spec import default_prompt_spec
from nightbeam_training.data.prompts import open_prompts
from nightbeam_training.errors import TrainingError


def test_reads_what_was_written(world: World, tmp_path: Path) -> None:
    path = write_histories(tmp_path / "a.jsonl", world.catalogue, world.histories)
    read = read_histories(path, world.catalogue)
    assert read.users == [f"u{number}" for number in range(30)]
    assert [list(items) for items in read.items] == [list(items) for items in world.histories]
    assert read_histories(path, world.catalogue, 7).users == read.users[:7]


def test_skips_empty_lines_and_accepts_empty_histories(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('\n{"user": "u", "history": []}\n\n')
    assert len(read_histories(path, world.catalogue).items[0]) == 0


GOOD = '{"user": "u", "history": ["item 1"]}\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "{", "line 2: is not JSON"),
        (GOOD + "\n" + "[1]", 'line 3: expected {"user"'),
        (GOOD + '{"user": 7, "history": []}', "line 2: expected"),
        (GOOD + '{"user": "u"}', "line 2: expected"),
        (GOOD + '{"user": "u", "history": "item 1"}', "line 2: expected"),
        (GOOD + '{"user": "u", "history": ["item 1", "x"]}', "line 2: item 'x' is not in the"),
        ('{"user": "u", "history": [1]}', "line 1: item 1 is not in the catalogue"),
        ('{"user": "u", "history": [["item 1"]]}', "line 1: item ['item 1'] is not in the"),
        ("", "has no histories"),
    ],
)
def test_errors_name_the_line(world: World, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(TrainingError) as caught:
        read_histories(path, world.catalogue)
    assert caught.value.code == "BAD_HISTORIES"
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_errors_name_a_binary_file(world: World, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\xff\xfe\x00")
    for name in ("a.jsonl", "nowhere.jsonl"):
        with pytest.raises(TrainingError, match="cannot be read"):
            read_histories(tmp_path / name, world.catalogue)


def test_a_prompt_is_bos_and_the_codes_of_the_last_items(world: World) -> None:
    spec, catalogue = world.spec, world.catalogue
    history = np.array([3, 1, 4, 1, 5, 9])
    tokens = [
        spec.codeTokenOffsets[level] + code
        for item in history
        for level, code in enumerate(catalogue.codes[item].tolist())
    ]
    assert world.prompts.encode(history).tolist() == [1, *tokens[-4 * 3 :]]
    assert world.prompts.encode(history, whole=True).tolist() == [1, *tokens]
    bare = spec.model_copy(update={"prompt": spec.prompt.model_copy(update={"bos": None})})
    assert open_prompts(bare, catalogue, Path("here")).encode(history[:1]).tolist() == tokens[:3]
    padded = world.prompts.padded([history[:1], history[:2]])
    assert padded.tolist() == [[-1, -1, -1, 1, *tokens[:3]], [1, *tokens[:6]]]


def test_the_default_spec_gives_every_code_its_own_token(world: World) -> None:
    spec, codes = world.spec, world.catalogue.trie.codes
    tokens = {offset + code for offset in spec.codeTokenOffsets for code in range(codes)}
    assert tokens == set(range(4, spec.vocabulary))
    assert len(tokens) == 3 * codes


@pytest.mark.parametrize("levels", [1, 9])
def test_a_catalogue_of_too_few_or_many_levels_is_refused(levels: int) -> None:
    with pytest.raises(TrainingError, match=f"{levels} levels") as caught:
        default_prompt_spec(make_catalogue_at_random(levels=levels), max_items=3)
    assert caught.value.code == "BAD_CATALOGUE"


def test_a_model_of_another_catalogue_is_refused(world: World) -> None:
    open_prompts(world.spec, world.catalogue, Path("here"))
    open_prompts(world.spec, make_catalogue_at_random(codes=3), Path("here"))
    for other in (make_catalogue_at_random(levels=4), make_catalogue_at_random(codes=6)):
        with pytest.raises(TrainingError, match="here: writes 3 levels of 5 codes") as caught:
            open_prompts(world.spec, other, Path("here"))
        assert caught.value.code == "BAD_CHECKPOINT"


HISTORIES = [np.array(items, dtype=np.int64) for items in ([1, 2, 3, 4], [5], [], [6, 7])]


def asked(kind: Kind, copies: int = 1, seed: int = 0) -> list[Question]:
    return list(questions(HISTORIES, kind=kind, copies=copies, seed=seed))


def plain(asked_: list[Question]) -> list[tuple[list[int], int | None]]:
    return [(question.history.tolist(), question.next_item) for question in asked_]


def test_whole_histories_and_all_but_the_last() -> None:
    assert plain(asked("whole", 3)) == [([1, 2, 3, 4], None), ([5], None), ([6, 7], None)]
    assert plain(asked("last", 3)) == [([1, 2, 3], 4), ([6], 7)]


def test_cut_stops_anywhere_and_knows_the_next_item() -> None:
    found = plain(asked("cut", 40))
    assert len(found) == 80
    assert {tuple(history) for history, _ in found} == {(1,), (1, 2), (1, 2, 3), (6,)}
    for history, after in found:
        whole = next(items.tolist() for items in HISTORIES if history[0] in items)
        assert whole[: len(history) + 1] == [*history, after]


def test_mix_joins_a_start_and_another_end() -> None:
    found = plain(asked("mix", 60))
    heads = [tuple(items[:stop]) for items in HISTORIES for stop in range(len(items) + 1)]
    tails = [tuple(items[start:]) for items in HISTORIES for start in range(len(items) + 1)]
    joined = {(*head, *tail) for head in heads for tail in tails}
    assert {tuple(history) for history, _ in found} <= joined
    assert len({tuple(history) for history, _ in found}) > 20
    assert all(history and after is None for history, after in found)


@pytest.mark.parametrize("kind", ["cut", "mix"])
def test_draws_depend_on_the_seed_alone(kind: Kind) -> None:
    assert plain(asked(kind, 5)) == plain(asked(kind, 5))
    assert plain(asked(kind, 5)) != plain(asked(kind, 5, seed=1))
    few, many = plain(asked(kind, 2)), plain(asked(kind, 5))
    assert many[: len(few)] == few
