"""The few sentences that a study's report begins with, all of them from its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..evaluation import Performance
from ..study.protocol_models import PUBLISHED_PREFIX
from ..study.results import Comparison, NestedCvResult, StudyResult
from .results_files import with_interval

_CHANCE = 0.5
_SIZE, _SCANNER = "Size only", "Scanner only"


def summary_sentences(result: StudyResult) -> list[str]:
    """What a reader should take away, nested cross-validation first."""
    sentences = []
    models = {} if result.nested_cv is None else _without_controls(result.nested_cv.models)
    if result.nested_cv is not None and models:
        sentences += [_best(models), *_controls(models, result.nested_cv.models)]
    if result.optimism:
        most = max(result.optimism, key=lambda row: row.gap)
        sentences.append(
            f"The published protocol is most optimistic for {most.model}: AUC {most.published_train:.3f} on its "
            f"training patients, {most.nested_cv.value:.3f} in nested cross-validation."
        )
    if result.nested_cv is None and result.published is not None:
        sentences.append(
            "Only the published protocol was run: its training AUC is in-sample and its test set is one small split. "
            "Run --protocol both to see how optimistic they are."
        )
    if result.nested_cv is not None:
        sentences += _differences(result.nested_cv.comparisons)
        sentences += _readers(result.nested_cv)
    return sentences


def _without_controls(models: Mapping[str, Performance]) -> dict[str, Performance]:
    return {
        title: one
        for title, one in models.items()
        if title not in (_SIZE, _SCANNER) and not title.startswith(PUBLISHED_PREFIX)
    }


def _best(models: Mapping[str, Performance]) -> str:
    areas = [one.auc.value for one in models.values()]
    best = max(models, key=lambda title: models[title].auc.value)
    spread = f"AUC {areas[0]:.3f}"
    if len(models) > 1:
        spread = f"AUC {min(areas):.3f} to {max(areas):.3f}, best {best} with {with_interval(*models[best].auc)}"
    above = [title for title, one in models.items() if one.auc.low > _CHANCE]
    chance = "No interval lies above .5." if not above else f"Intervals above .5: {', '.join(above)}."
    return f"In nested cross-validation: {spread}. {chance}"


def _controls(models: Mapping[str, Performance], tested: Mapping[str, Performance]) -> list[str]:
    best = max(one.auc.value for one in models.values())
    sentences = []
    if _SIZE in tested:
        size = tested[_SIZE].auc
        verdict = "no model is better" if size.value >= best else "the least that a model must beat"
        sentences.append(f"Size alone (diameter, number): AUC {with_interval(*size)}, {verdict}.")
    published = {title: one.auc for title, one in tested.items() if title.startswith(PUBLISHED_PREFIX)}
    if published:
        title = max(published, key=lambda name: published[name].value)
        verdict = "no model is better" if published[title].value >= best else "a model must beat it, too"
        sentences.append(
            f"The best of {len(published)} published scores, which need no image, is "
            f"{title.removeprefix(PUBLISHED_PREFIX)}: AUC {with_interval(*published[title])}, {verdict}."
        )
    if _SCANNER in tested and tested[_SCANNER].auc.low > _CHANCE:
        sentences.append(
            f"The scanner alone predicts the outcome, AUC {with_interval(*tested[_SCANNER].auc)}: a model may have "
            "learnt the scanner, not the tumour."
        )
    return sentences


def _differences(comparisons: Sequence[Comparison]) -> list[str]:
    if not comparisons:
        return []
    different = [f"{row.first} and {row.second}" for row in comparisons if row.p_holm <= 0.05]
    if not different:
        return ["No two models differ after Holm's correction for the number of comparisons."]
    return [f"Differences that remain after Holm's correction: {', '.join(different[:4])}."]


def _readers(result: NestedCvResult) -> list[str]:
    if result.readers is None or not result.readers.pairs:
        return []
    areas = [pair.auc for pair in result.readers.pairs]
    return [
        f"One reader's response predicts another's with AUC {min(areas):.2f} to {max(areas):.2f}; a model cannot be "
        "expected to do better than that."
    ]
