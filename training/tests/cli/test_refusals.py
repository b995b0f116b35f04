"""What is said where a command cannot go on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from world import make_catalogue_at_random, write_histories, write_index

from cli.place import ONE_THREAD, SHORT, SMALL, Place, align_arguments, refused, run
from nightbeam_training.cli.main import commands, main


def test_what_cannot_be_used_is_refused(
    place: Place, made: dict[str, Path], tmp_path: Path
) -> None:
    arguments = align_arguments(place, made, tmp_path / "a")
    other = write_index(tmp_path / "other.json", make_catalogue_at_random(levels=2))
    flat = write_index(tmp_path / "flat.json", make_catalogue_at_random(levels=1))
    single = write_histories(
        tmp_path / "single.jsonl", place.world.catalogue, [np.array([1]), np.array([2])]
    )
    evaluate = ["evaluate", "--draft", made["draft"], "--teacher", made["teacher"]]
    evaluate += ["--catalogue", place.catalogue]
    target = ["target", *place.data(), "--out", tmp_path / "t", *SMALL, *SHORT]
    asked = ["teacher", "--target", made["target"], "--out", tmp_path / "q"]
    cases: list[tuple[list[object], str, str]] = [
        ([*arguments, "--validation", 30], "BAD_TEACHER_DATA", "too few to keep 30 back"),
        ([*arguments, "--over", "vocabulary", "--temperature", 2], "BAD_OPTION", "--over valid"),
        ([*arguments, "--catalogue", other], "BAD_TEACHER_DATA", "was written for catalogue"),
        ([*arguments, "--draft", place.folder], "BAD_CHECKPOINT", "config.json"),
        ([*arguments, "--teacher", made["draft"]], "BAD_TEACHER_DATA", "is not nightbeam-teacher"),
        ([*arguments, "--device", "abacus"], "BAD_OPTION", "--device abacus"),
        ([*evaluate, "--beam-width", "2,x"], "BAD_OPTION", "--beam-width"),
        ([*evaluate, "--beam-width", "\u00b2"], "BAD_OPTION", "--beam-width"),
        ([*evaluate, "--draft-width", "0"], "BAD_OPTION", "--draft-width"),
        ([*evaluate, "--draft-width", "4/5/6"], "BAD_OPTION", "2 with slashes"),
        ([*target, "--validation", 30], "BAD_HISTORIES", "too few to keep 30 back"),
        ([*target, "--width", 10], "BAD_OPTION", "multiple of twice --heads 2"),
        ([*target, "--catalogue", flat], "BAD_CATALOGUE", "1 levels"),
        (
            [*target, "--begin-with", made["target"], "--catalogue", other],
            "BAD_CHECKPOINT",
            "2 levels",
        ),
        (
            [*asked, "--catalogue", place.catalogue, "--histories", single],
            "BAD_HISTORIES",
            "no history is long enough",
        ),
    ]
    for given, code, message in cases:
        error = refused(*given)
        assert (error.code, message in str(error)) == (code, True), (message, str(error))
    for name in "atq":
        assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    "more", [["--alpha", 2], ["--objective", "best"], ["--temperature", 0], ["--draft", "nowhere"]]
)
def test_click_refuses_what_is_out_of_range(
    place: Place, made: dict[str, Path], tmp_path: Path, more: list[object]
) -> None:
    arguments = [*align_arguments(place, made, tmp_path), *more]
    result = CliRunner().invoke(commands, list(map(str, arguments)))
    assert result.exit_code == 2
    assert str(more[0]) in result.output


def test_bad_input_ends_with_one_line_and_code_two(
    place: Place,
    made: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["evaluate", "--draft", made["draft"], "--teacher", made["draft"]]
    arguments += ["--catalogue", place.catalogue, *ONE_THREAD]
    monkeypatch.setattr("sys.argv", ["nightbeam-train", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize("command", ["target", "teacher", "align", "evaluate"])
def test_every_command_has_help(command: str) -> None:
    assert "Usage: commands" in run(command, "--help")
