"""The few sentences that a study's report begins with, all of them from its numbers."""

from __future__ import annotations

from collections.abc import Mapping

from .results_files import with_interval

_CHANCE = 0.5
_CONTROLS = ("Size only", "Scanner only")


def summary_sentences(numbers: Mapping[str, object]) -> list[str]:
    """What a reader should take away, the honest protocol first."""
    sentences = []
    models = {title: one for title, one in numbers.get("honest", {}).items() if title not in _CONTROLS}
    if models:
        sentences += _honest(models)
        sentences += _controls(models, numbers["honest"])
    if numbers.get("leak_audit"):
        most = max(numbers["leak_audit"], key=lambda row: row["gap"])
        sentences.append(
            f"The published way says most too much for {most['model']}: training AUC {most['paper_train']:.3f} where "
            f"patients not learnt from give {most['honest']:.3f}."
        )
    if "honest" not in numbers and "paper" in numbers:
        sentences.append(
            "Only the published protocol was run: its training numbers are in-sample and its test set is one small "
            "split. Run --protocol both to see what they are worth."
        )
    if numbers.get("honest_comparisons"):
        different = [row for row in numbers["honest_comparisons"] if row["p_holm"] <= 0.05]
        pairs = ", ".join(f"{row['first']} and {row['second']}" for row in different[:4])
        sentences.append(
            f"Differences that remain after Holm's correction: {pairs}."
            if different
            else "No two models differ after Holm's correction for the number of comparisons."
        )
    if numbers.get("readers", {}).get("pairs"):
        areas = [pair["auc"] for pair in numbers["readers"]["pairs"]]
        sentences.append(
            f"Readers predict each other's judgement of response with AUC {min(areas):.2f} to {max(areas):.2f}; a "
            "model cannot be expected to do better than that."
        )
    return sentences


def _honest(models: Mapping[str, Mapping[str, object]]) -> list[str]:
    best = max(models, key=lambda title: models[title]["auc"])
    one = models[best]
    areas = [model["auc"] for model in models.values()]
    spread = f"AUC {min(areas):.3f} to {max(areas):.3f}" if len(models) > 1 else f"AUC {areas[0]:.3f}"
    above = [title for title, model in models.items() if model["auc_low"] > _CHANCE]
    chance = "No interval lies above .5." if not above else f"Intervals above .5: {', '.join(above)}."
    best_words = (
        f", best {best} with {with_interval(one['auc'], one['auc_low'], one['auc_high'])}" if len(models) > 1 else ""
    )
    return [f"Patients not learnt from: {spread}{best_words}. {chance}"]


def _controls(models: Mapping[str, Mapping[str, object]], judged: Mapping[str, Mapping[str, object]]) -> list[str]:
    best = max(model["auc"] for model in models.values())
    sentences = []
    size, scanner = (judged.get(title) for title in _CONTROLS)
    if size is not None:
        words = "no model is better" if size["auc"] >= best else "the least that a model must beat"
        interval = with_interval(size["auc"], size["auc_low"], size["auc_high"])
        sentences.append(f"Size alone (diameter, number): AUC {interval}, {words}.")
    if scanner is not None and scanner["auc_low"] > _CHANCE:
        interval = with_interval(scanner["auc"], scanner["auc_low"], scanner["auc_high"])
        sentences.append(
            f"The scanner alone predicts the outcome, AUC {interval}: a model may have learnt the scanner, not the "
            "tumour."
        )
    return sentences
