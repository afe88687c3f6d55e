"""What a study is told to do, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ..features import FeatureTable
from ..models.fitting import Learner
from ..models.learners import RADIOMICS_SCORES
from ..models.network_batch import PAPER_RECIPE, NetworkRecipe
from .honest import HonestSettings
from .study_data import StudyData

PROTOCOLS = ("paper", "honest", "both")

SILENT_DECISIONS = {
    "loss of the DNN": "cross-entropy, both outcomes with equal weight",
    "weight decay of the DNN": "none",
    "lesion of a patient with several": "the largest, unless --lesions all",
    "test of normality in Table 1": "Kolmogorov-Smirnov with Lilliefors' correction, in each group, p > .05",
    "separated outcomes": "ridge penalty (C = 1 on standardised terms)",
    "accuracy of the published protocol": "at .5, for the SVM at 0 (our guess from the printed numbers)",
}
"""Where the paper is silent and no learner's settings say it (honesty.md); recorded with every study."""


@dataclass(frozen=True)
class StudySettings:
    """What is run. ``permutations`` False leaves out the permutation null; ``is_quick`` marks a first look,
    ``leave_one_centre_out`` judges each centre (column ``site``) by models frozen on the others too,
    ``combat`` harmonises the features between centres in each training part of the honest protocol.

    ``repeats`` are features of repeated drawings, by which the honest protocol chooses features in each training part.
    """

    protocol: str = "both"
    honest: HonestSettings = HonestSettings()  # noqa: RUF009 - frozen
    recipe: NetworkRecipe = PAPER_RECIPE
    scores: tuple[str, ...] = RADIOMICS_SCORES
    permutations: bool = True
    is_quick: bool = False
    leave_one_centre_out: bool = False
    combat: bool = False
    repeats: FeatureTable | None = None

    @property
    def is_honest(self) -> bool:
        """Whether the honest protocol is run."""
        return self.protocol in ("honest", "both")

    @property
    def is_published(self) -> bool:
        """Whether the published protocol is run."""
        return self.protocol in ("paper", "both")


def settings_numbers(settings: StudySettings, learners: Sequence[Learner], data: StudyData) -> dict[str, object]:
    """What results.json records of the settings."""
    features = data.table.settings if data.table is not None else None
    silent = dict(SILENT_DECISIONS)
    if features is not None:
        silent["features"] = features.as_dict()
    return {
        "protocol": settings.protocol,
        "quick": settings.is_quick,
        "honest": asdict(settings.honest),
        "learners": {learner.name: learner.settings for learner in learners},
        "where_the_paper_is_silent": silent,
    }
