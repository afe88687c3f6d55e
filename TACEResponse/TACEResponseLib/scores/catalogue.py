"""All scores: every module of `scores.published` that defines ``SCORE``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import lru_cache

from . import published
from .facts import ScoreFacts
from .score import Score, ScoreResult, score_result


@lru_cache(maxsize=1)
def published_scores() -> tuple[Score, ...]:
    """Every shipped score in the order of the modules' names: liver function, tumour burden, both together."""
    names = sorted(module.name for module in pkgutil.iter_modules(published.__path__))
    modules = [importlib.import_module(f"{published.__name__}.{name}") for name in names]
    scores: list[Score] = [module.SCORE for module in modules]
    return tuple(sorted(scores, key=_order))


def all_scores(facts: ScoreFacts, scores: Iterable[Score] | None = None) -> list[ScoreResult]:
    """What every score says of a patient; a score of whose facts nothing is known is left out.

    ``scores`` are the shipped ones unless others are given, e.g. ``(*published_scores(), our_own)``.
    """
    chosen = published_scores() if scores is None else scores
    return [result for score in chosen if (result := score_result(score, facts)) is not None]


def _order(score: Score) -> tuple[int, str]:
    tumour = {"largest_diameter_cm", "number_of_tumours"} & set(score.facts)
    liver = {"bilirubin_umol_l", "albumin_g_l", "child_pugh_points"} & set(score.facts)
    return (0 if not tumour else 1 if not liver else 2), score.name
