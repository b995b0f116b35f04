"""Tokenizers made from a few texts, as checkpoints of LLaMA, Qwen and T5 have them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

TEXTS = [
    "Below is an instruction that describes a task. Write a response that completes the request.",
    "### Instruction:\nThe user has interacted with items in chronological order.\n### Response:",
    "You recommend items. I had <a_1>. What's next? it's two words, 47 of them: nothing",
]
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>' + '\n' }}{% endfor %}\n"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_level(directory: Path) -> int:
    """Qwen's kind: bytes, merges within words. Writes the files, returns the vocabulary's size."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated")
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, bytes_])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=340, min_frequency=1, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    config = {"eos_token": "<|endoftext|>", "chat_template": CHATML}
    return _written(tokenizer, directory, config)


def metaspace(directory: Path) -> int:
    """LLaMA's kind: spaces are letters, unknown letters are bytes, and there is a BOS."""
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        min_frequency=1,
        special_tokens=["<unk>", "<s>", "</s>", *bytes_],
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    # Bytes are ordinary tokens: a text that spells one is read letter by letter.
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = [token for token in state["added_tokens"] if token["id"] < 3]
    tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    return _written(tokenizer, directory, {"bos_token": "<s>", "eos_token": {"content": "</s>"}})


def unigram(directory: Path) -> int:
    """T5's kind: SentencePiece, `</s>` at the end, codes added as `add_tokens` does."""
    words = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    return _sentence_pieces(directory, pre_tokenizers.Sequence(words), normalizers.NFKC())


def unigram_first(directory: Path) -> int:
    """The same with a space in front of the text alone: `legacy=False` of transformers 4."""
    first = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    return _sentence_pieces(directory, first, None)


def _sentence_pieces(directory: Path, splits: Any, normalizer: Any) -> int:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = splits
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=200,
        special_tokens=["<pad>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    tokens = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    config = {"tokenizer_class": "T5Tokenizer", "extra_ids": 0, **tokens}
    return _written(tokenizer, directory, config, normalized=True)


def words(directory: Path) -> int:
    """Four special tokens and the codes."""
    tokenizer = Tokenizer(
        models.WordLevel({"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3}, unk_token="<unk>")
    )
    return _written(tokenizer, directory, {"bos_token": "<s>"})


def _written(
    tokenizer: Tokenizer, directory: Path, config: dict[str, Any], *, normalized: bool = False
) -> int:
    """With the codes of three levels in an order of their own."""
    codes = [f"<{level}_{code}>" for code in range(14) for level in "cab"]
    tokenizer.add_tokens([AddedToken(code, normalized=normalized) for code in codes])
    tokenizer.save(str(directory / "tokenizer.json"))
    (directory / "tokenizer_config.json").write_text(json.dumps(config))
    size: int = tokenizer.get_vocab_size()
    return size
