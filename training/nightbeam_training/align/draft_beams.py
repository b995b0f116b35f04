"""Examples on the draft's own beams: AtSpeed-S trains on a mixture of both models' beams."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nightbeam_training.data.catalogue import Ints, Trie
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.teacher_pool import ExampleBatch
from nightbeam_training.model.llama import Llama
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.tree import node_logits, tree_input
from nightbeam_training.search.beam_search import beam_search
from nightbeam_training.search.child_log_probs import child_log_probs
from nightbeam_training.search.torch_trie import TorchTrie


class DraftBeams:
    """Finds the draft's beams for a batch's prompts and has the target score them."""

    def __init__(
        self, target: Llama, *, trie: Trie, tokens: CodeTokens, machine: Machine, scoring: Scoring
    ) -> None:
        self._target = target.to(machine.device).eval()
        self._trie = trie
        self._tokens = tokens
        self._machine = machine
        self._scoring: Scoring = scoring
        self._torch_trie = TorchTrie(trie, machine.device)

    @torch.no_grad()
    def of(self, draft: Llama, examples: ExampleBatch, width: int) -> tuple[ExampleBatch, Tensor]:
        """The same prompts with the draft's beams, and the draft's log-probabilities on them."""
        truth = torch.from_numpy(examples.truth).to(self._machine.device)
        with self._machine.autocast():
            found = beam_search(
                draft,
                torch.from_numpy(examples.prompts).to(self._machine.device),
                widths=[width] * self._trie.levels,
                trie=self._torch_trie,
                tokens=self._tokens,
                scoring=self._scoring,
                extra_paths=truth,
            )
        nodes, first = _distinct(found.expanded.cpu().numpy())
        log_q = found.log_probs.cpu().gather(
            1, torch.from_numpy(first)[..., None].expand(-1, -1, self._trie.codes)
        )
        log_p = self._ask_target(examples.prompts, nodes)
        asked = ExampleBatch(
            prompts=examples.prompts, nodes=nodes, log_p=log_p, truth=examples.truth
        )
        return asked, log_q.to(self._machine.device)

    def _ask_target(self, prompts: Ints, nodes: Ints) -> npt.NDArray[np.float32]:
        tree = tree_input(prompts, nodes, trie=self._trie, tokens=self._tokens).to(
            self._machine.device
        )
        with self._machine.autocast():
            logits = node_logits(self._target, tree)
        log_p = child_log_probs(
            logits,
            tree.nodes,
            tree.depth,
            trie=self._torch_trie,
            tokens=self._tokens,
            scoring=self._scoring,
        )
        return log_p.cpu().numpy()


def _distinct(expanded: Ints) -> tuple[Ints, Ints]:
    """Each user's distinct nodes, ascending and padded with -1, and a column of each."""
    sortable = np.where(expanded >= 0, expanded, np.iinfo(np.int64).max)
    order = np.argsort(sortable, axis=1, kind="stable")
    ordered = np.take_along_axis(expanded, order, axis=1)
    again = np.zeros(ordered.shape, dtype=bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    ordered = np.where(again, -1, ordered)
    # Sorted again, so that padding comes last.
    last = np.argsort(ordered < 0, axis=1, kind="stable")
    count = int((ordered >= 0).sum(axis=1).max())
    nodes = np.take_along_axis(ordered, last, axis=1)[:, :count]
    return nodes, np.take_along_axis(order, last, axis=1)[:, :count]
