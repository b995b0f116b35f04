"""Examples on the draft's own beams: AtSpeed-S trains on a mixture of both models' beams."""

from __future__ import annotations

import torch
from torch import Tensor

from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.teacher_pool import ExampleBatch
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.models import Model
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.search_model import search_model
from nightbeam_training.model.token_scores import token_scores
from nightbeam_training.model.tree import tree_hidden, tree_input
from nightbeam_training.search.beam_search import beam_search
from nightbeam_training.search.child_log_probs import child_log_probs


class DraftBeams:
    """Finds the draft's beams for a batch's prompts and has the target score them."""

    def __init__(
        self,
        target: Model,
        *,
        trie: TorchTrie,
        tokens: CodeTokens,
        machine: Machine,
        scoring: Scoring,
    ) -> None:
        self._target = target.to(machine.device).eval()
        self._trie = trie
        self._tokens = tokens
        self._machine = machine
        self._scoring: Scoring = scoring

    @torch.no_grad()
    def of(self, draft: Model, examples: ExampleBatch, width: int) -> tuple[ExampleBatch, Tensor]:
        """The same prompts with the draft's beams, and the draft's log-probabilities on them."""
        with self._machine.autocast():
            found = beam_search(
                search_model(draft),
                examples.prompts,
                widths=[width] * self._trie.levels,
                trie=self._trie,
                tokens=self._tokens,
                scoring=self._scoring,
                extra_paths=examples.truth,
            )
        nodes, first = _distinct(found.expanded)
        log_q = found.log_probs.gather(1, first[..., None].expand(-1, -1, self._trie.codes))
        asked = ExampleBatch(
            prompts=examples.prompts,
            nodes=nodes,
            log_p=self._ask_target(examples.prompts, nodes),
            truth=examples.truth,
        )
        return asked, log_q

    def _ask_target(self, prompts: Tensor, nodes: Tensor) -> Tensor:
        tree = tree_input(prompts, nodes, trie=self._trie, tokens=self._tokens)
        with self._machine.autocast():
            asked = self._tokens.on(nodes.device)[tree.depth]
            scores = token_scores(self._target, tree_hidden(self._target, tree), asked)
        return child_log_probs(scores, nodes, trie=self._trie, scoring=self._scoring)


def _distinct(expanded: Tensor) -> tuple[Tensor, Tensor]:
    """Each user's distinct nodes, ascending and padded with -1, and a column of each."""
    last = torch.iinfo(expanded.dtype).max
    ordered, order = expanded.masked_fill(expanded < 0, last).sort(dim=1, stable=True)
    again = torch.zeros_like(ordered, dtype=torch.bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    # Sorted again, so that padding comes last.
    nodes, places = ordered.masked_fill(again, last).sort(dim=1, stable=True)
    count = int((nodes < last).sum(dim=1).max())
    nodes = nodes.masked_fill(nodes == last, -1)
    return nodes[:, :count], order.gather(1, places)[:, :count]
