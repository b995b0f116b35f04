"""Makes what a text target is trained from: a small model of Qwen2's shape with LC-Rec's prompts.

    training/.venv/bin/python bench/scripts/training/text_target.py --data DIR --out DIR

--data has `Instruments.index.json` and `Instruments.inter.json` as LC-Rec publishes them. Writes to
--out: `items.index.json`; `histories.jsonl`, to train with, and `unseen.jsonl`, both without the
last items; `base`, a checkpoint with random weights and a tokenizer whose merges come from the
prompts' texts. `nightbeam-train target --begin-with base` trains it.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from nightbeam_training.data.prompt_spec import PromptSpec
from nightbeam_training.model.checkpoint import new_checkpoint, save_checkpoint

UNSEEN = 772
"""Users that neither the target nor a draft is trained on."""
END = "<|endoftext|>"
TEMPLATE = (
    "Below is an instruction that describes a task. Write a response that appropriately completes "
    "the request.\n\n### Instruction:\nThe user has interacted with items {history} in "
    "chronological order. Can you predict the next possible item that the user may expect?\n\n"
    "### Response:"
)
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SHAPE = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_size": 128,
    "intermediate_size": 384,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "hidden_act": "silu",
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10_000.0,
    "tie_word_embeddings": True,
    "use_sliding_window": False,
    "torch_dtype": "float32",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    index = given.out / "items.index.json"
    shutil.copyfile(given.data / "Instruments.index.json", index)
    write_histories(json.loads((given.data / "Instruments.inter.json").read_text()), given.out)
    write_base(json.loads(index.read_text()), given.out / "base")
    print(f"{given.out}: base, items.index.json, histories.jsonl, unseen.jsonl")


def write_histories(users: dict[str, list[int]], out: Path) -> None:
    lines = [
        json.dumps({"user": user, "history": [str(item) for item in items[:-1]]}) + "\n"
        for user, items in users.items()
        if len(items) > 2
    ]
    # Every so many, because neighbours may be alike.
    unseen = lines[:: len(lines) // UNSEEN][:UNSEEN]
    (out / "unseen.jsonl").write_text("".join(unseen))
    (out / "histories.jsonl").write_text("".join(line for line in lines if line not in set(unseen)))


def write_base(index: dict[str, list[str]], directory: Path) -> None:
    directory.mkdir(exist_ok=True)
    tokenizer = make_tokenizer(sorted({code for codes in index.values() for code in codes}))
    tokenizer.save(str(directory / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": END, "pad_token": END}
    (directory / "tokenizer_config.json").write_text(json.dumps(config, indent=2))
    end = tokenizer.token_to_id(END)
    torch.manual_seed(0)
    shape = {**SHAPE, "vocab_size": tokenizer.get_vocab_size(), "eos_token_id": end}
    spec = {
        "levels": len(next(iter(index.values()))),
        "codeTokenPattern": "<{level}_{code}>",
        "prompt": {"kind": "template", "template": TEMPLATE, "separator": ", ", "maxItems": 20},
    }
    save_checkpoint(new_checkpoint(shape, PromptSpec.model_validate(spec)), directory)


def make_tokenizer(codes: list[str]) -> Tokenizer:
    """Bytes and merges as Qwen2 has them, and the codes as tokens of their own."""
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(SPLIT), "isolated")
    as_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, as_bytes])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        min_frequency=1,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEMPLATE.replace("{history}", ", ")], trainer)
    tokenizer.add_special_tokens([END])
    tokenizer.add_tokens([AddedToken(code, normalized=False) for code in codes])
    return tokenizer


main()
