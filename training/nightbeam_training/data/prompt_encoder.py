"""The tokens of a prompt, from the code paths of a history and the user's texts.

The runtime's are in packages/model/src/prompt/prompt-encoder.ts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.chat_template import open_chat_template
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.prompt_kinds import ItemsPrompt, TemplatePrompt, TextPrompt
from nightbeam_training.data.prompt_spec import PromptSpec
from nightbeam_training.data.prompt_text import DEFAULT_PATTERN, HistoryStyle, UserTexts, fill_text
from nightbeam_training.data.prompt_user import user_token
from nightbeam_training.data.tokenizer import open_tokenizer

Encode = Callable[[Ints, UserTexts], Sequence[int]]
"""Tokens of the code paths of items in the order in which they are written [items, levels]."""
NO_TEXTS: UserTexts = {}


def fixed_tokens(prompt: ItemsPrompt) -> Mapping[str, list[int]]:
    """The tokens that the file has as numbers, by field."""
    return {
        "prompt.bos": [] if prompt.bos is None else [prompt.bos],
        "prompt.itemPrefix": prompt.itemPrefix,
        "prompt.itemSuffix": prompt.itemSuffix,
        "prompt.separator": prompt.separator,
        "prompt.suffix": prompt.suffix,
        "prompt.user": [prompt.user.offset + prompt.user.buckets - 1] if prompt.user else [],
    }


def items_encoder(prompt: ItemsPrompt, tokens: CodeTokens) -> Encode:
    """For prompts of kind `items`."""
    bos = [] if prompt.bos is None else [prompt.bos]

    def encode(paths: Ints, texts: UserTexts) -> Sequence[int]:
        own = [user_token(prompt.user, texts)] if prompt.user else []
        before, after = prompt.user_places
        written = [*bos, *own * before]
        for at, codes in enumerate(tokens.of(paths).tolist()):
            between = prompt.separator if at > 0 else []
            written += [*between, *prompt.itemPrefix, *codes, *prompt.itemSuffix]
        return [*written, *own * after, *prompt.suffix]

    return encode


def text_encoder(spec: PromptSpec, prompt: TextPrompt, directory: Path) -> Encode:
    """For prompts that are texts. Raises TrainingError BAD_CHECKPOINT, as does what it returns."""
    tokenizer = open_tokenizer(directory)
    write = _writer(prompt, directory)
    style = HistoryStyle(
        patterns=spec.codeTokenPattern or DEFAULT_PATTERN,
        item=prompt.item,
        code_separator=prompt.codeSeparator,
        separator=prompt.separator,
        empty_history=prompt.emptyHistory,
    )

    def encode(paths: Ints, texts: UserTexts) -> Sequence[int]:
        text = write(style.text(paths.tolist()), texts)
        return tokenizer.encode(text, special_tokens=prompt.addSpecialTokens)

    # A template that refuses a prompt without items would refuse every user's.
    encode(np.zeros((0, spec.levels), dtype=np.int64), NO_TEXTS)
    return encode


def _writer(prompt: TextPrompt, directory: Path) -> Callable[[str, UserTexts], str]:
    """Writes a prompt as text around the history's."""
    if isinstance(prompt, TemplatePrompt):
        return lambda history, texts: fill_text(prompt.template, history=history, texts=texts)
    render = open_chat_template(directory, prompt)

    def write(history: str, texts: UserTexts) -> str:
        messages = [
            message.model_copy(
                update={"content": fill_text(message.content, history=history, texts=texts)}
            )
            for message in prompt.messages
        ]
        return render(messages) + prompt.answerPrefix

    return write
