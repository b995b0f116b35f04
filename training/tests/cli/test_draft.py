"""`nightbeam-train draft` from end to end: a whole run, an interrupted one, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from cli.place import ONE_THREAD, Place, refused, run
from nightbeam_training.cli.main import commands
from nightbeam_training.draft.manifest import MANIFEST_FILE
from nightbeam_training.model.checkpoint import load_checkpoint
from nightbeam_training.train.run_options import unfinished_command

SMALL = ["--beam-width", "2,4", "--nodes", 16, "--minutes", 0.01, *ONE_THREAD]


def asked(place: Place, made: dict[str, Path], out: Path, *more: object) -> list[object]:
    return ["draft", "--target", made["target"], *place.data(), "--out", out, *SMALL, *more]


def test_a_new_draft_and_the_line_to_type(
    place: Place, made: dict[str, Path], tmp_path: Path
) -> None:
    output = run(*asked(place, made, tmp_path / "draft", "--shape", "1x32"))
    lines = output.splitlines()
    assert lines[0].startswith("Reading ")
    assert "30 users; 3 of them are held out" in output
    assert "new, 1 layers, 32 wide" in output
    stages = [line for line in lines if " of 4  " in line]
    assert [line.split("  ")[0] for line in stages] == [f"{n} of 4" for n in range(1, 5)]
    assert "K = 2: " in output
    assert "held-out users" in output
    manifest = json.loads((tmp_path / "draft" / MANIFEST_FILE).read_text())
    plans = {"InitialPlan", "TeacherPlan", "AlignPlan", "CountBefore"}
    assert plans <= set(manifest["decided"])
    assert manifest["finished"]
    assert unfinished_command(tmp_path / "draft") is None
    best = manifest["result"]["best"][-1]
    assert best["beam_width"] == 4
    assert best in manifest["result"]["choices"]
    typed = next(line for line in lines if line.startswith("  nightbeam recommend "))
    widths = ",".join(map(str, best["widths"]))
    assert f"--draft {tmp_path / 'draft'} --draft-width {widths} --beam-width 4" in typed
    draft = load_checkpoint(tmp_path / "draft")
    assert draft.model.config.hidden_size == 32
    assert draft.prompt == place.world.target.prompt


def test_an_interrupted_run_continues_to_the_same_draft(
    place: Place, made: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightbeam_training.draft.teacher.OVERTIME", 1e9)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(*asked(place, made, whole, "--shape", "1x32"))
    # What is decided by the machine's speed is kept in the manifest: give both runs the same.
    manifest = json.loads((whole / MANIFEST_FILE).read_text())
    before = manifest["decided"].pop("CountBefore")
    parts.mkdir()
    (parts / MANIFEST_FILE).write_text(json.dumps({**manifest, "result": None, "finished": False}))
    from nightbeam_training.draft import align, initial, teacher
    from nightbeam_training.draft import run as draft_run

    places = [
        (initial, "fit"),
        (teacher, "write_teacher_data"),
        (align, "fit"),
        (align, "load_checkpoint"),
        (draft_run, "width_choices"),
    ]
    for module, name in places:
        with monkeypatch.context() as patch:
            patch.setattr(module, name, _interrupted)
            stopped = CliRunner().invoke(
                commands, list(map(str, asked(place, made, parts, "--shape", "1x32")))
            )
            assert stopped.exit_code != 0
            assert unfinished_command(parts) == "nightbeam-train draft"
    run(*asked(place, made, parts, "--shape", "1x32"))
    one, other = (load_file(folder / "model.safetensors") for folder in (whole, parts))
    assert all(torch.equal(one[name], other[name]) for name in one)
    found = json.loads((parts / MANIFEST_FILE).read_text())
    assert found["result"] == manifest["result"]
    assert found["decided"]["CountBefore"]["figures"] == before["figures"]


def _interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_draft_of_the_targets_layers_is_improved_with_a_log(
    place: Place, made: dict[str, Path], tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    output = run(*asked(place, made, first, "--shape", "target:1"))
    assert "1 of the target's own layers" in output
    before = load_checkpoint(first)
    assert before.model.config.num_hidden_layers == 1
    # A run's log is teacher data without next items; the command's own will do.
    output = run(*asked(place, made, second, "--continue", first, "--teacher-log", made["teacher"]))
    assert "2 files of past nights" in output
    assert "the draft of --continue" in output
    after = load_checkpoint(second)
    assert after.config == before.config
    manifest = json.loads((second / MANIFEST_FILE).read_text())
    assert manifest["options"]["teacher log files"] == 2
    assert manifest["options"]["--continue"] == str(first)


def test_a_draft_that_learns_nothing_better_stays_as_it_is(
    place: Place, made: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So large that every step makes it worse.
    monkeypatch.setattr("nightbeam_training.draft.align.TRAINED_RATE", 10.0)
    output = run(*asked(place, made, tmp_path, "--continue", made["target"]))
    assert "no count is better than before" in output
    given, kept = (load_file(at / "model.safetensors") for at in (made["target"], tmp_path))
    assert all(torch.equal(given[name], kept[name]) for name in given)
    assert "1.00 calls, 16.0 nodes" in output


def test_a_slow_target_is_asked_less(
    place: Place, made: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = asked(place, made, tmp_path, "--shape", "target:1")
    with monkeypatch.context() as patch:
        patch.setattr("nightbeam_training.draft.teacher.OVERTIME", 0.0)
        patch.setattr("nightbeam_training.draft.align.fit", _interrupted)
        stopped = CliRunner().invoke(commands, list(map(str, arguments)))
    assert "slower than expected: goes on with 27 examples" in stopped.output
    output = run(*arguments)
    assert "slower than expected: goes on with 27 examples" in output
    assert "27 examples, " in output
    assert [path.name for path in (tmp_path / "work" / "teacher").iterdir()] == ["00000-whole"]


def test_refuses_what_cannot_work(place: Place, made: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "draft"

    def message(*more: object) -> tuple[str, str]:
        error = refused(*asked(place, made, out, *more))
        assert not out.exists()
        return error.code, str(error)

    code, text = message("--nodes", 7)
    assert code == "BAD_OPTION"
    assert "plain search already asks for 8 nodes at K = 4" in text
    code, text = message("--shape", "2x33")
    assert (code, "multiple of 32" in text) == ("BAD_OPTION", True)
    code, text = message("--shape", "target:2")
    assert (code, "fewer than the target's 2 layers" in text) == ("BAD_OPTION", True)
    code, text = message("--shape", "large")
    assert (code, "LAYERSxWIDTH" in text) == ("BAD_OPTION", True)
    code, text = message("--beam-width", "ten")
    assert (code, "give numbers" in text) == ("BAD_OPTION", True)
    code, text = message("--continue", made["draft"], "--shape", "1x32")
    assert (code, "has its own size" in text) == ("BAD_OPTION", True)
    code, text = message("--teacher-log", made["teacher"], "--scoring", "renormalized")
    assert (code, "is of full scoring" in text) == ("BAD_TEACHER_DATA", True)
    other = tmp_path / "other"
    shutil.copytree(made["draft"], other)
    error = refused(
        *("draft", "--target", other, *place.data(), "--out", out, *SMALL),
        *("--teacher-log", made["teacher"]),
    )
    assert (error.code, "another target" in str(error)) == ("BAD_TEACHER_DATA", True)


def test_refuses_to_continue_with_other_options(
    place: Place, made: dict[str, Path], tmp_path: Path
) -> None:
    tmp_path.joinpath(MANIFEST_FILE).write_text("{")
    error = refused(*asked(place, made, tmp_path))
    assert (error.code, "give a new --out" in str(error)) == ("OTHER_RUN", True)
    tmp_path.joinpath(MANIFEST_FILE).unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nightbeam_training.cli.draft.make_draft", _interrupted)
        CliRunner().invoke(commands, list(map(str, asked(place, made, tmp_path))))
    error = refused(*asked(place, made, tmp_path, "--seed", 3))
    assert error.code == "OTHER_RUN"
    assert "was started with --seed 0, now it is 3" in str(error)
