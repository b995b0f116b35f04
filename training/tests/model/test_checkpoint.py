"""Reading and writing directories, to the bit, and errors about broken ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from world import World, make_model, shared_data

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import (
    Checkpoint,
    checkpoint_hash,
    load_checkpoint,
    prompts_of,
    save_checkpoint,
)

FILES = ["config.json", "model.safetensors", "nightbeam.json"]


def bytes_of(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.parametrize("fields", [{}, {"tie_word_embeddings": True}, {"attention_bias": True}])
def test_saved_loaded_and_saved_again_is_the_same_to_the_bit(
    world: World, tmp_path: Path, fields: dict[str, object]
) -> None:
    save_checkpoint(make_model(world.spec, seed=1, **fields), tmp_path / "a")
    save_checkpoint(load_checkpoint(tmp_path / "a"), tmp_path / "b")
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    assert sorted(bytes_of(tmp_path / "a")) == FILES
    assert checkpoint_hash(tmp_path / "a") == checkpoint_hash(tmp_path / "b")


@pytest.mark.parametrize("tied", [False, True])
def test_trades_weights_with_transformers_to_the_bit(
    world: World, tmp_path: Path, tied: bool
) -> None:
    from transformers import LlamaForCausalLM

    save_checkpoint(make_model(world.spec, seed=1, tie_word_embeddings=tied), tmp_path / "ours")
    LlamaForCausalLM.from_pretrained(tmp_path / "ours").save_pretrained(tmp_path / "theirs")
    (tmp_path / "theirs" / "nightbeam.json").write_bytes(
        (tmp_path / "ours" / "nightbeam.json").read_bytes()
    )
    loaded = load_checkpoint(tmp_path / "theirs")
    save_checkpoint(loaded, tmp_path / "again")
    ours, again = (load_file(tmp_path / name / "model.safetensors") for name in ("ours", "again"))
    assert ours.keys() == again.keys()
    assert all(torch.equal(ours[name], again[name]) for name in ours)


def test_weights_can_be_read_by_whoever_can_read_the_config(world: World, tmp_path: Path) -> None:
    save_checkpoint(make_model(world.spec, seed=1), tmp_path)
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_unknown_config_fields_are_kept(world: World, tmp_path: Path) -> None:
    save_checkpoint(make_model(world.spec, seed=1, somebody_elses=[1, 2]), tmp_path)
    assert load_checkpoint(tmp_path).config["somebody_elses"] == [1, 2]


@pytest.mark.parametrize("name", ["torch_dtype", "dtype"])
def test_the_config_has_the_type_of_the_weights(world: World, tmp_path: Path, name: str) -> None:
    from transformers import LlamaForCausalLM

    model = make_model(world.spec, seed=1, **{name: "bfloat16"})
    save_checkpoint(model, tmp_path / "full")
    theirs = LlamaForCausalLM.from_pretrained(tmp_path / "full", dtype="auto")
    assert theirs.dtype == torch.float32
    save_checkpoint(model, tmp_path / "half", dtype=torch.bfloat16)
    stored = load_file(tmp_path / "half" / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.bfloat16}
    config = json.loads((tmp_path / "half" / "config.json").read_text())
    assert config[name] == config["torch_dtype"] == "bfloat16"
    loaded = load_checkpoint(tmp_path / "half")
    assert {weight.dtype for weight in loaded.model.parameters()} == {torch.float32}


def test_older_files_may_contain_rope_frequencies(world: World, tmp_path: Path) -> None:
    save_checkpoint(make_model(world.spec, seed=1), tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(4)
    save_file(weights, tmp_path / "model.safetensors")
    load_checkpoint(tmp_path)


def test_the_hash_is_over_names_and_bytes_in_a_fixed_order(tmp_path: Path) -> None:
    spec = {"levels": 3, "codeTokenOffsets": [4, 9, 14]}
    chat = {"kind": "chat", "maxItems": 3, "messages": [{"role": "user", "content": "{history}"}]}
    names = ["config.json", "nightbeam.json", "tokenizer.json", "model.safetensors"]
    for name in [*names, "chat_template.jinja", "other"]:
        (tmp_path / name).write_text(f"content of {name}")

    def expected(names: list[str]) -> str:
        digest = hashlib.sha256()
        for name in names:
            digest.update(f"{name}\n{(tmp_path / name).read_text()}".encode())
        return digest.hexdigest()

    items = {"kind": "items", "maxItems": 3}
    (tmp_path / "nightbeam.json").write_text(json.dumps({**spec, "prompt": items}))
    assert checkpoint_hash(tmp_path) == expected(names)
    (tmp_path / "nightbeam.json").write_text(json.dumps({**spec, "prompt": chat}))
    assert checkpoint_hash(tmp_path) == expected([*names[:3], "chat_template.jinja", names[3]])


def test_a_published_checkpoint_comes_back_to_the_bit(tmp_path: Path) -> None:
    directory = shared_data() / "models" / "beauty-draft"
    save_checkpoint(load_checkpoint(directory), tmp_path)
    old, new = (load_file(path / "model.safetensors") for path in (directory, tmp_path))
    assert old.keys() == new.keys()
    assert all(torch.equal(old[name], new[name]) for name in old)
    for name in ("config.json", "nightbeam.json"):
        assert json.loads((tmp_path / name).read_text()) == json.loads(
            (directory / name).read_text()
        )


@pytest.fixture
def saved(world: World, tmp_path: Path) -> Path:
    save_checkpoint(make_model(world.spec, seed=1), tmp_path)
    return tmp_path


def edit_json(path: Path, **fields: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def edit_weights(path: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    weights = load_file(path / "model.safetensors")
    change(weights)
    save_file(weights, path / "model.safetensors")


INDEX = "model.safetensors.index.json"


def sharded(path: Path) -> Path:
    """Cuts the weights into two files. Returns the second."""
    weights = load_file(path / "model.safetensors")
    names = sorted(weights)
    files = {name: f"model-0000{1 + (name > names[4])}-of-00002.safetensors" for name in names}
    for file in set(files.values()):
        save_file({name: weights[name] for name in names if files[name] == file}, path / file)
    (path / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": files}))
    (path / "model.safetensors").unlink()
    return path / "model-00002-of-00002.safetensors"


BROKEN: list[tuple[Callable[[Path], object], str]] = [
    (lambda at: (at / "config.json").unlink(), "config.json: cannot be read"),
    (lambda at: (at / "config.json").write_text("{"), "config.json: cannot be read"),
    (lambda at: (at / "config.json").write_text("[]"), "must be a JSON object"),
    (lambda at: edit_json(at / "config.json", model_type="gpt2"), "model_type is gpt2"),
    (lambda at: edit_json(at / "config.json", hidden_act="gelu"), "hidden_act is gelu"),
    (lambda at: edit_json(at / "config.json", hidden_size=-1), "hidden_size"),
    (lambda at: edit_json(at / "config.json", num_attention_heads="many"), "num_attention_heads"),
    (lambda at: edit_json(at / "config.json", num_key_value_heads=3), "2 heads of width 8"),
    (lambda at: edit_json(at / "config.json", head_dim=5), "2 heads of width 5"),
    (
        lambda at: edit_json(at / "config.json", rope_scaling={"type": "longrope", "factor": 2}),
        "RoPE scaling is longrope",
    ),
    (
        lambda at: edit_json(at / "config.json", rope_parameters={"rope_type": "llama3"}),
        "rope_parameters.factor is missing for llama3",
    ),
    (
        lambda at: edit_json(
            at / "config.json", model_type="qwen2", layer_types=["sliding_attention"] * 2
        ),
        "the width of the window is unknown",
    ),
    (
        lambda at: edit_json(at / "config.json", quantization_config={"bits": 4}),
        "quantization_config is set",
    ),
    (
        lambda at: edit_json(at / "config.json", partial_rotary_factor=0.5),
        "partial_rotary_factor is 0.5",
    ),
    (
        lambda at: edit_weights(at, lambda weights: weights.pop("lm_head.weight")),
        "tie_word_embeddings is false, but lm_head.weight is missing",
    ),
    (
        lambda at: (at / "model.safetensors").rename(at / "pytorch_model.bin"),
        "save_pretrained writes model.safetensors",
    ),
    (lambda at: sharded(at).unlink(), "names 1 of 2 files that do not exist"),
    (lambda at: edit_json(sharded(at).parent / INDEX, weight_map=[]), "(weight_map)"),
    (
        lambda at: edit_json(sharded(at).parent / INDEX, weight_map={"a": "../a"}),
        "not a file in the same directory",
    ),
    (lambda at: edit_json(at / "config.json", num_hidden_layers=1), "no such tensor"),
    (lambda at: (at / "model.safetensors").unlink(), "model.safetensors: cannot be read"),
    (lambda at: (at / "model.safetensors").write_bytes(b"short"), "cannot be read"),
    (
        lambda at: edit_weights(at, lambda weights: weights.pop("model.norm.weight")),
        "model.norm.weight is missing",
    ),
    (
        lambda at: edit_weights(at, lambda weights: weights.update(extra=torch.ones(1))),
        "extra is (1,), config.json requires no such tensor",
    ),
    (
        lambda at: edit_weights(
            at, lambda weights: weights.update({"model.norm.weight": torch.ones(3)})
        ),
        "model.norm.weight is (3,), config.json requires (16,)",
    ),
    (lambda at: (at / "nightbeam.json").unlink(), "nightbeam.json: cannot be read"),
    (lambda at: (at / "nightbeam.json").write_text("{"), "nightbeam.json: the file: "),
    (lambda at: edit_json(at / "nightbeam.json", levels=1), "levels"),
    (lambda at: edit_json(at / "nightbeam.json", levels=4), "one number per level (4)"),
    (lambda at: edit_json(at / "nightbeam.json", more=1), "more"),
]


@pytest.mark.parametrize(("damage", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_errors_name_the_place(saved: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(saved)
    with pytest.raises(TrainingError) as caught:
        load_checkpoint(saved)
    assert caught.value.code == "BAD_CHECKPOINT"
    assert message in str(caught.value)
    assert str(saved) in str(caught.value)


def test_the_prompts_are_written_as_they_were_read(saved: Path, tmp_path: Path) -> None:
    spec = {
        "levels": 3,
        "codeTokenPattern": ["<{level}_{code}>", "<{level}_{code:03}>", "{code}"],
        "prompt": {
            "kind": "chat",
            "messages": [{"role": "user", "content": "{history}"}],
            "variables": {"enable_thinking": False, "more": [1, None, {"a": "b"}]},
            "maxItems": 3,
            "order": "oldest-first",
        },
        "end": "</s>",
    }
    (saved / "nightbeam.json").write_text(json.dumps(spec))
    save_checkpoint(load_checkpoint(saved), tmp_path / "again")
    assert json.loads((tmp_path / "again" / "nightbeam.json").read_bytes()) == spec


def test_a_tied_head_without_an_embedding_is_named(world: World, tmp_path: Path) -> None:
    save_checkpoint(make_model(world.spec, seed=1, tie_word_embeddings=True), tmp_path)
    edit_weights(tmp_path, lambda weights: weights.pop("model.embed_tokens.weight"))
    with pytest.raises(TrainingError, match="missing"):
        load_checkpoint(tmp_path)


def test_a_stored_head_that_differs_is_used_although_the_config_ties_it(
    world: World, tmp_path: Path
) -> None:
    save_checkpoint(make_model(world.spec, seed=1, tie_word_embeddings=True), tmp_path / "a")
    edit_weights(
        tmp_path / "a",
        lambda weights: weights.update(
            {"lm_head.weight": weights["model.embed_tokens.weight"] + 1}
        ),
    )
    save_checkpoint(load_checkpoint(tmp_path / "a"), tmp_path / "b")
    a, b = (load_file(tmp_path / name / "model.safetensors") for name in ("a", "b"))
    assert torch.equal(a["lm_head.weight"], b["lm_head.weight"])
    assert torch.equal(a["model.embed_tokens.weight"], b["model.embed_tokens.weight"])
    assert load_checkpoint(tmp_path / "b").config["tie_word_embeddings"] is False


def test_a_failed_write_leaves_the_old_file(
    world: World, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bytes_of(saved)

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("nightbeam_training.model.stored.save_file", fail)
    other: Checkpoint = make_model(world.spec, seed=2)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(other, saved)
    assert bytes_of(saved) == before


def test_shards_are_one_model(saved: Path, tmp_path: Path) -> None:
    whole = load_checkpoint(saved).model.state_dict()
    sharded(saved)
    parts = load_checkpoint(saved).model.state_dict()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: f"module.{name}",
        lambda name: name.replace("layers.0.", "layers.0._orig_mod."),
        lambda name: name.removeprefix("model."),
        lambda name: name.replace("model.", "model.language_model.", 1),
    ],
)
def test_other_names_of_the_same_tensors_are_read(
    saved: Path, rename: Callable[[str], str]
) -> None:
    whole = load_checkpoint(saved).model.state_dict()
    weights = load_file(saved / "model.safetensors")
    save_file({rename(name): weights[name] for name in weights}, saved / "model.safetensors")
    again = load_checkpoint(saved).model.state_dict()
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_the_text_part_of_a_larger_model_is_read(saved: Path) -> None:
    whole = load_checkpoint(saved)
    weights = load_file(saved / "model.safetensors")
    renamed = {f"language_model.{name}": weights[name] for name in weights}
    save_file({**renamed, "vision.weight": torch.ones(2)}, saved / "model.safetensors")
    config = {"model_type": "llava", "text_config": whole.config, "tie_word_embeddings": False}
    (saved / "config.json").write_text(json.dumps(config))
    again = load_checkpoint(saved)
    assert again.config == whole.config
    expected = whole.model.state_dict()
    found = again.model.state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@pytest.mark.parametrize("stored", [torch.float32, torch.float16, torch.bfloat16])
@torch.no_grad()
def test_a_frozen_model_has_16_bits_per_weight_and_the_same_products(
    world: World, tmp_path: Path, stored: torch.dtype
) -> None:
    save_checkpoint(make_model(world.spec, seed=1), tmp_path, dtype=stored)
    full = load_checkpoint(tmp_path).model
    frozen = load_checkpoint(tmp_path, frozen=True).model
    types = {name: weight.dtype for name, weight in frozen.state_dict().items()}
    assert types["model.layers.1.mlp.up_proj.weight"] == torch.bfloat16
    assert types["model.norm.weight"] == types["model.layers.0.input_layernorm.weight"]
    assert types["model.norm.weight"] == torch.float32
    assert types["model.embed_tokens.weight"] == types["lm_head.weight"] == stored
    tokens = torch.arange(10).view(2, 5)
    positions = torch.arange(5).expand(2, -1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        one, other = (model.logits(model.hidden(tokens, positions)[0]) for model in (full, frozen))
    assert torch.equal(one, other)


def test_prompts_are_limited_as_in_a_run(world: World, tmp_path: Path) -> None:
    for positions, expected in ((512, 512 - 2), (8192, 4096 - 2)):
        model = make_model(world.spec, seed=1, max_position_embeddings=positions)
        assert prompts_of(model, world.catalogue, tmp_path).max_tokens == expected
