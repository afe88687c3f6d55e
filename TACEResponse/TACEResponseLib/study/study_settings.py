"""What a study runs."""

from __future__ import annotations

from dataclasses import dataclass

from ..features import FeatureTable
from ..models.classifiers import RADIOMICS_SCORES
from ..models.network_batch import PAPER_RECIPE, NetworkRecipe
from .nested_cv import NestedCvSettings

PROTOCOLS = ("published", "nested-cv", "both")


@dataclass(frozen=True)
class StudySettings:
    """What is run. ``permutations`` False leaves out the permutation null; ``is_quick`` marks a first look,
    ``leave_one_centre_out`` tests models frozen on the other centres (column ``site``) on each centre too,
    ``combat`` harmonises the features between centres in each training part of nested cross-validation.

    ``repeats`` are features of repeated drawings, by which nested cross-validation selects features in each training
    part.
    """

    protocol: str = "both"
    nested_cv: NestedCvSettings = NestedCvSettings()  # noqa: RUF009 - frozen
    recipe: NetworkRecipe = PAPER_RECIPE
    scores: tuple[str, ...] = RADIOMICS_SCORES
    permutations: bool = True
    is_quick: bool = False
    leave_one_centre_out: bool = False
    combat: bool = False
    repeats: FeatureTable | None = None

    @property
    def is_nested_cv(self) -> bool:
        """Whether nested cross-validation is run."""
        return self.protocol in ("nested-cv", "both")

    @property
    def is_published(self) -> bool:
        """Whether the published protocol is run."""
        return self.protocol in ("published", "both")
