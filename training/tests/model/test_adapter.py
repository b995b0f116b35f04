"""LoRA adapters: merged as peft does and refused by name, and hashes that are the runtime's."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from world import World, make_model

from model.test_checkpoint import edit_json, sharded
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import (
    checkpoint_hash,
    load_checkpoint,
    save_checkpoint,
)
from nightbeam_training.model.lora import SAVED_MODULES, LoraOptions, add_lora, save_adapter

ROOT = Path(__file__).resolve().parents[3]
ADAPTERS: list[dict[str, Any]] = [
    {"target_modules": ["q_proj", "v_proj"]},
    {"target_modules": "all-linear", "use_rslora": True, "lora_alpha": 5.5},
    {
        "target_modules": ["q_proj", "k_proj", "down_proj"],
        "rank_pattern": {"layers.1.self_attn.q_proj": 2},
        "alpha_pattern": {"down_proj": 3},
    },
    {"target_modules": ["q_proj", "embed_tokens"]},
    {"target_modules": ["o_proj"], "modules_to_save": ["embed_tokens", "lm_head"]},
    {"target_modules": ["o_proj"], "modules_to_save": ["embed_tokens"]},
    {"target_modules": ["up_proj"], "trainable_token_indices": [3, 7, 8]},
]


def save_base(world: World, path: Path, *, dtype: torch.dtype, tied: bool) -> Path:
    save_checkpoint(
        make_model(world.spec, seed=1, tie_word_embeddings=tied, model_type="qwen2"),
        path,
        dtype=dtype,
    )
    return path


@pytest.mark.parametrize(
    ("dtype", "tied"),
    [(torch.float32, False), (torch.float32, True), (torch.bfloat16, False)],
    ids=str,
)
@pytest.mark.parametrize("fields", ADAPTERS, ids=str)
@pytest.mark.filterwarnings("ignore")
def test_an_adapter_is_merged_as_peft_does(
    world: World, tmp_path: Path, fields: dict[str, Any], dtype: torch.dtype, tied: bool
) -> None:
    peft = pytest.importorskip("peft", reason="peft is not installed: pip install peft")
    from transformers import AutoModelForCausalLM

    base = save_base(world, tmp_path / "base", dtype=dtype, tied=tied)
    model = AutoModelForCausalLM.from_pretrained(base, dtype="auto")
    config = peft.LoraConfig(task_type="CAUSAL_LM", r=4, **{"lora_alpha": 8, **fields})
    adapted = peft.get_peft_model(model, config)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in adapted.parameters():
            if weight.requires_grad:
                weight.add_(0.1 * torch.randn_like(weight))
    adapted.save_pretrained(tmp_path / "adapter")
    expected = adapted.merge_and_unload()
    ours = load_checkpoint(tmp_path / "adapter")
    theirs = expected.state_dict()
    found = ours.model.state_dict()
    assert found.keys() == theirs.keys()
    for name, tensor in theirs.items():
        # peft rounds the product before it adds it.
        close = {"atol": 2**-8, "rtol": 2**-7} if dtype == torch.bfloat16 else {}
        torch.testing.assert_close(found[name], tensor.float(), **close)
        # Rounded to the base's numbers, but for those of a float32 base in another order of sums.
        assert torch.equal(found[name], found[name].to(dtype).float())


@pytest.mark.filterwarnings("ignore")
def test_an_adapter_may_bring_a_larger_vocabulary(world: World, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft", reason="peft is not installed: pip install peft")
    from transformers import AutoModelForCausalLM

    base = save_base(world, tmp_path / "base", dtype=torch.float32, tied=False)
    model = AutoModelForCausalLM.from_pretrained(base)
    model.resize_token_embeddings(world.spec.vocabulary + 5, mean_resizing=False)
    config = peft.LoraConfig(
        task_type="CAUSAL_LM", r=2, target_modules=["q_proj"], modules_to_save=SAVED_MODULES
    )
    adapted = peft.get_peft_model(model, config)
    adapted.save_pretrained(tmp_path / "adapter")
    ours = load_checkpoint(tmp_path / "adapter")
    assert ours.model.config.vocab_size == world.spec.vocabulary + 5
    assert ours.config["vocab_size"] == world.spec.vocabulary + 5
    theirs = adapted.merge_and_unload().state_dict()
    for name, tensor in ours.model.state_dict().items():
        torch.testing.assert_close(tensor, theirs[name])


@pytest.fixture
def adapter(world: World, tmp_path: Path) -> Path:
    base = save_base(world, tmp_path / "base", dtype=torch.float32, tied=False)
    path = tmp_path / "adapter"
    path.mkdir()
    (path / "adapter_config.json").write_text(
        json.dumps(
            {"peft_type": "LORA", "r": 2, "lora_alpha": 3.0, "base_model_name_or_path": str(base)}
        )
    )
    save_file(matrices("q_proj"), path / "adapter_model.safetensors")
    return path


def matrices(module: str) -> dict[str, Tensor]:
    name = f"base_model.model.model.layers.1.self_attn.{module}"
    torch.manual_seed(0)
    return {
        f"{name}.lora_A.weight": torch.randn(2, 16),
        f"{name}.lora_B.weight": torch.randn(16, 2),
    }


def test_a_product_is_added(adapter: Path) -> None:
    name = "model.layers.1.self_attn.q_proj.weight"
    before = load_checkpoint(adapter.parent / "base").model.state_dict()
    after = load_checkpoint(adapter).model.state_dict()
    a, b = (tensor.double() for tensor in matrices("q_proj").values())
    torch.testing.assert_close(after[name], (before[name].double() + 1.5 * b @ a).float())
    assert all(torch.equal(after[other], before[other]) for other in before if other != name)


def test_the_prompts_may_be_beside_the_adapter(adapter: Path) -> None:
    edit_json(adapter.parent / "base" / "nightbeam.json", end=[])
    spec = json.loads((adapter.parent / "base" / "nightbeam.json").read_text())
    spec["prompt"]["maxItems"] = 2
    (adapter / "nightbeam.json").write_text(json.dumps(spec))
    assert load_checkpoint(adapter).prompt.prompt.maxItems == 2


REFUSED: list[tuple[Callable[[Path], object], str]] = [
    (lambda at: edit_json(at / "adapter_config.json", peft_type="IA3"), "peft_type is IA3"),
    (lambda at: edit_json(at / "adapter_config.json", use_dora=True), "use_dora is set"),
    (lambda at: edit_json(at / "adapter_config.json", bias="all"), "bias is all"),
    (
        lambda at: edit_json(at / "adapter_config.json", init_lora_weights="pissa"),
        "init_lora_weights is pissa",
    ),
    (lambda at: edit_json(at / "adapter_config.json", r=3), "has rank 2"),
    (lambda at: edit_json(at / "adapter_config.json", r="many"), "adapter_config.json: r: "),
    (
        lambda at: edit_json(at / "adapter_config.json", base_model_name_or_path="Qwen/Qwen2-7B"),
        "hf download Qwen/Qwen2-7B --local-dir BASE",
    ),
    (
        lambda at: edit_json(at / "adapter_config.json", base_model_name_or_path=None),
        "names no base model",
    ),
    (lambda at: (at / "adapter_model.safetensors").unlink(), "no adapter_model.safetensors"),
    (
        lambda at: save_file(matrices("z_proj"), at / "adapter_model.safetensors"),
        "was it trained on another model?",
    ),
    (
        lambda at: save_file(
            {name: tensor[:1] for name, tensor in matrices("q_proj").items()},
            at / "adapter_model.safetensors",
        ),
        "has rank 1",
    ),
    (
        lambda at: save_file(
            {"base_model.model.x.lora_magnitude_vector": torch.ones(1)},
            at / "adapter_model.safetensors",
        ),
        "not a part of plain LoRA",
    ),
]


@pytest.mark.parametrize(("damage", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_other_adapters_are_refused(
    adapter: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(adapter)
    with pytest.raises(TrainingError) as caught:
        load_checkpoint(adapter)
    assert caught.value.code == "BAD_CHECKPOINT"
    assert message in str(caught.value)
    assert str(adapter) in str(caught.value)


def test_hashes_are_those_of_the_runtime(adapter: Path, tmp_path: Path, world: World) -> None:
    node = shutil.which("node")
    if node is None or not (ROOT / "packages/model/dist/index.js").exists():
        pytest.skip("the runtime is not built here (npm run setup)")
    base = adapter.parent / "base"
    edit_json(
        adapter / "adapter_config.json",
        use_rslora=True,
        alpha_pattern={"a": 1.5, "b": 2.0},
        trainable_token_indices={"embed_tokens": [1, 2]},
    )
    shutil.copytree(base, tmp_path / "shards")
    sharded(tmp_path / "shards")
    own = tmp_path / "tied with its own head"
    save_checkpoint(make_model(world.spec, seed=1, tie_word_embeddings=True), own)
    weights = load_file(own / "model.safetensors")
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"] + 1
    save_file(weights, own / "model.safetensors")
    (own / "tokenizer_config.json").write_text("{}")
    shutil.copytree(base, tmp_path / "chat")
    messages = [{"role": "user", "content": "{history}"}]
    edit_json(
        tmp_path / "chat" / "nightbeam.json",
        prompt={"kind": "chat", "maxItems": 3, "messages": messages},
    )
    (tmp_path / "chat" / "chat_template.jinja").write_text("{{ messages }}")
    model = load_checkpoint(base).model
    options = LoraOptions(2, 4.5, embeddings=True)
    add_lora(model, options)
    save_adapter(model, tmp_path / "ours", base=base, options=options)
    paths = [base, adapter, tmp_path / "ours", tmp_path / "shards", own, tmp_path / "chat"]
    script = (
        "const { checkpointHash, openCheckpoint } = await import(process.argv[1]);"
        "const hashes = process.argv.slice(2).map(async (path) =>"
        "checkpointHash(await openCheckpoint(path)));"
        "console.log(JSON.stringify(await Promise.all(hashes)));"
    )
    module = (ROOT / "packages/model/dist/index.js").as_uri()
    run = subprocess.run(
        [node, "--input-type=module", "-e", script, module, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == [checkpoint_hash(path) for path in paths]
