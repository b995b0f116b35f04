"""What an alignment is asked for; `nightbeam-train align` makes its options from these fields."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from nightbeam_training.data.teacher_files import Scoring

Objective = Literal[
    "sft",
    "word-kd",
    "tvd-kd",
    "seq-kd",
    "atspeed-s",
    "atspeed-r",
    "beam-kd",
    "beam-score",
    "heads",
]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
RecScope = Literal["answer", "all"]
Over = Literal["valid", "vocabulary"]
Variant = Literal["written", "renormalized", "released"]
OVER_BY_SCORING: dict[Scoring, Over] = {"full": "vocabulary", "renormalized": "valid"}
"""The draft learns the distribution that the search ranks by."""


def _renamed(variant: object) -> object:
    return "renormalized" if variant == "public" else variant


class ObjectiveOptions(BaseModel):
    model_config = ConfigDict(frozen=True)
    objective: Objective = Field("atspeed-s", description="See docs/guides/training.md.")
    alpha: float = Field(
        0.7,
        ge=0,
        le=1,
        description="Share of the alignment term; the rest is L_Rec, the usual loss of a model "
        "that predicts the next item.",
    )
    rec_scope: RecScope = Field(
        "all",
        description="Tokens that L_Rec is the mean over: the next item's codes alone, or all of "
        "prompt and answer, as in the released code of AtSpeed.",
    )
    variant: Annotated[Variant, BeforeValidator(_renamed)] = Field(
        "written",
        description="Of atspeed-s: the paper's formula; the same with q and p summing to one over "
        "the draft's best codes; or that of the released code. Of seq-kd: written, or the labels "
        "of the released code.",
        json_schema_extra={"aliases": ["public"]},
    )
    top_k: int = Field(
        20, ge=1, description="Number of the draft's best codes per node that atspeed-s uses."
    )
    temperature: float = Field(
        1.0,
        gt=0,
        description="Divides the logits of both models in the alignment term; with --variant "
        "released, their probabilities.",
    )
    over: Over = Field(
        description="Compare distributions over the valid codes alone, or with the rest of the "
        "vocabulary as one more outcome.",
        json_schema_extra={
            "derived": "vocabulary for teacher data of full scoring, valid for renormalized"
        },
    )
    edge_weight: float = Field(
        1.0,
        ge=0,
        description="Weight of the error in the scores near the edge of the beam, for beam-score.",
    )
    edge_width: int = Field(
        60,
        ge=1,
        description="Number of best candidates per level that are near the edge, for beam-score: "
        "a few times K.",
    )

    @property
    def uses_recommendation(self) -> bool:
        """Whether L_Rec is part of the loss."""
        return self.objective == "sft" or self.alpha < 1

    @property
    def uses_prompt(self) -> bool:
        """Whether the loss needs the prompt's own tokens."""
        return self.uses_recommendation and self.rec_scope == "all"

    @property
    def uses_truth(self) -> bool:
        """Whether there is nothing to learn without the users' next items."""
        in_labels = self.objective == "seq-kd" and self.variant == "released"
        on_true_path = self.objective in ("word-kd", "tvd-kd")
        in_recommendation = self.uses_recommendation and self.rec_scope == "answer"
        return in_labels or on_true_path or in_recommendation

    def unused(self) -> set[str]:
        """Names of the options that change nothing, given the others."""
        aligns = self.objective != "sft"
        used = {
            "alpha": aligns,
            "rec_scope": self.uses_recommendation,
            "variant": self.objective == "atspeed-s"
            or (self.objective == "seq-kd" and self.variant != "renormalized"),
            "top_k": self.objective == "atspeed-s",
            "temperature": aligns,
            "over": aligns,
            "edge_weight": self.objective == "beam-score",
            "edge_width": self.objective == "beam-score",
        }
        return {name for name, is_used in used.items() if not is_used}

    @property
    def softmax_of_probabilities(self) -> bool:
        return self.objective == "atspeed-s" and self.variant == "released"


class AlignOptions(ObjectiveOptions):
    mixture: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of the batches on the draft's own beams (lambda); needs --target.",
    )
    beam_width: int = Field(20, ge=1, description="K of the target's search.")
    draft_width: int = Field(40, ge=1, description="N for counting calls in validation.")
    validation: int = Field(512, ge=1, description="Examples held back for validation.")
    batch_size: int = Field(256, ge=1)
    seed: int = Field(0, description="Seed of all random draws.")

    def unused(self) -> set[str]:
        return super().unused() | ({"mixture"} if self.objective == "sft" else set())
