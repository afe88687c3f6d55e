"""What every radiomics score has in common, whatever learnt it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np

from .array_rules import Rule


class ScoreModel(ABC):
    """One or several fitted members of one type: an ensemble of seeds, or the bootstrap refits of a bundle.

    A frozen dataclass of arrays, each with an axis of the m members first; an array without axes is the same for all
    members. A member holds all that its own fit learnt, scaler and selection included, so that it takes features as
    they were measured.
    """

    type_name: ClassVar[str]
    rules: ClassVar[Mapping[str, Rule]] = {}

    @property
    @abstractmethod
    def feature_count(self) -> int:
        """Number of features that a patient needs."""

    @abstractmethod
    def member_scores(self, features: np.ndarray) -> np.ndarray:
        """Scores (n, member_count) of patients (n, n_features), unscaled."""

    @property
    def member_count(self) -> int:
        """Number of fitted members."""
        return next(len(array) for array in self.to_arrays().values() if array.ndim)

    @property
    def used_columns(self) -> np.ndarray | None:
        """Sorted columns of the features that any member uses, None if it uses all."""
        return None

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All it holds as named arrays without objects."""
        return {name: np.asarray(getattr(self, name)) for name in self._names()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Inverse of `to_arrays`."""
        return cls(**{name: arrays[name] for name in cls._names()})

    @classmethod
    def join(cls, members: Sequence[Self]) -> Self:
        """One model of the members of several, whose arrays have the same shapes but for the number of members."""
        parts = [member.to_arrays() for member in members]
        first = parts[0]
        return cls.from_arrays(
            {
                name: np.concatenate([part[name] for part in parts]) if array.ndim else array
                for name, array in first.items()
            }
        )

    @classmethod
    def array_rules(cls, arrays: Mapping[str, np.ndarray]) -> Mapping[str, Rule]:
        """What each of the arrays of `to_arrays` may hold; those of a bundle, not yet checked, are ``arrays``."""
        return cls.rules

    def check(self, feature_count: int) -> None:
        """Raises ValueError for another number of features, and for what shapes and ranges do not show."""
        if self.feature_count != feature_count:
            raise ValueError("it was fitted to another number of features")

    def stored(self, features: np.ndarray, is_refit: bool) -> ScoreModel:
        """How a bundle holds it: the same scores but for what no prediction shows, in less space where it needs much.

        ``features`` (n, n_features) are those of the training patients; ``is_refit`` for the bootstrap refits.
        """
        return self

    @classmethod
    def _names(cls) -> list[str]:
        # A score is always a dataclass, which an abstract class cannot say.
        dataclass_type: Any = cls
        return [one.name for one in fields(dataclass_type)]


def ensemble_score(model: ScoreModel, features: np.ndarray) -> np.ndarray:
    """Mean score of the members, (n,)."""
    mean: np.ndarray = model.member_scores(features).mean(axis=1)
    return mean
