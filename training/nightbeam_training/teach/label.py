"""The target's answers for some histories, as teacher examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from nightbeam_training.data.augment import Question
from nightbeam_training.data.catalogue import Catalogue, Ints
from nightbeam_training.data.prompts import Prompts, pad_left
from nightbeam_training.data.teacher_files import Scoring, TeacherExamples, joined_offsets
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.search_model import search_model
from nightbeam_training.search.beam_search import SearchResult, beam_search


@dataclass(frozen=True)
class Labels:
    examples: TeacherExamples
    best: Ints
    """Leaves of the target's list, best first, padded with -1: [users, width]."""
    scores: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    """Their log-probabilities: [users, width]."""


class Teacher:
    """Computes a target's beams and its log-probabilities on them."""

    def __init__(
        self, checkpoint: Checkpoint, prompts: Prompts, *, machine: Machine, scoring: Scoring
    ) -> None:
        self._checkpoint = checkpoint
        self._prompts = prompts
        self._machine = machine
        self._scoring: Scoring = scoring
        self._trie = TorchTrie(prompts.catalogue.trie, machine.device)
        checkpoint.model.to(machine.device).eval()

    def tokens(self, question: Question) -> int | None:
        """Length of the prompt; None if it is too long for the target."""
        prompt = self._prompt(question)
        return len(prompt) if self._prompts.fits(prompt) else None

    def _prompt(self, question: Question) -> Ints:
        return self._prompts.encode(question.history, question.texts)

    def label(self, questions: list[Question], *, width: int) -> Labels:
        """Beams of `width` at every level, and the true path if it is known."""
        catalogue, levels = self._prompts.catalogue, self._trie.levels
        prompts = pad_left([self._prompt(question) for question in questions])
        truth = np.array(
            [
                np.full(levels, -1)
                if question.next_item is None
                else catalogue.codes[question.next_item]
                for question in questions
            ]
        )
        with self._machine.autocast():
            found = beam_search(
                search_model(self._checkpoint.model),
                torch.from_numpy(prompts).to(self._machine.device),
                widths=[width] * levels,
                trie=self._trie,
                tokens=self._prompts.tokens,
                scoring=self._scoring,
                extra_paths=torch.from_numpy(truth).to(self._machine.device),
            )
        best = found.levels[-1]
        return Labels(
            examples=_examples(prompts, truth, found, catalogue),
            best=best.nodes.cpu().numpy(),
            scores=best.scores.cpu().numpy(),
        )


def _examples(
    prompts: Ints, truth: Ints, found: SearchResult, catalogue: Catalogue
) -> TeacherExamples:
    trie = catalogue.trie
    expanded, log_probs = found.expanded.cpu().numpy(), found.log_probs.float().cpu().numpy()
    users, columns = expanded.shape
    # One flat list of (user, node), without dead ones, and the true path once if it is a beam.
    keys = np.arange(users)[:, None] * trie.nodes + expanded
    keys = np.where(expanded >= 0, keys, -1)
    distinct, first = np.unique(keys.ravel(), return_index=True)
    distinct, first = distinct[distinct >= 0], first[distinct >= 0]
    owner, node = distinct // trie.nodes, distinct % trie.nodes
    node_start = np.searchsorted(owner, np.arange(users + 1))
    above = owner * trie.nodes + trie.parent[node]
    parent = np.where(node > 0, np.searchsorted(distinct, above) - node_start[owner], -1)
    code = np.where(node > 0, trie.edge_code[node - 1], -1)
    rows, edges = trie.children(node)
    values = log_probs.reshape(users * columns, -1)[first[rows], trie.edge_code[edges]]
    real = prompts >= 0
    return TeacherExamples(
        prompt_offsets=np.concatenate([[0], np.cumsum(real.sum(axis=1))]),
        prompt_tokens=prompts[real].astype(np.int32),
        truth=truth.astype(np.int32),
        node_offsets=node_start,
        node_parent=parent.astype(np.int32),
        node_code=code.astype(np.int32),
        value_offsets=np.searchsorted(rows, np.arange(len(node) + 1)),
        values=np.clip(values, -65_504, 0).astype(np.float16),
    )


def joined(parts: list[TeacherExamples]) -> TeacherExamples:
    """Examples of several batches as one."""

    def offsets(name: str) -> Ints:
        return joined_offsets([getattr(part, name) for part in parts])

    def flat(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
        return np.concatenate([getattr(part, name) for part in parts])

    return TeacherExamples(
        prompt_offsets=offsets("prompt_offsets"),
        prompt_tokens=flat("prompt_tokens"),
        truth=flat("truth"),
        node_offsets=offsets("node_offsets"),
        node_parent=flat("node_parent"),
        node_code=flat("node_code"),
        value_offsets=offsets("value_offsets"),
        values=np.concatenate([part.values for part in parts]),
    )
