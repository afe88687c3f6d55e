"""Fig. 1 of a study: patients included, left out, trained on and tested on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..study.results import StudyResult
from .figure_files import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BOX, _EDGE, _ASIDE = "#eef4f6", "#8aa0a8", "#ffffff"
_CENTRE, _LEFT, _RIGHT = 0.4, 0.22, 0.74


def flowchart(result: StudyResult) -> Figure:
    """The flowchart of a study's patients."""
    cohort = result.cohort
    subjects = "phantoms" if cohort.phantoms else "patients"
    lesions = f", {cohort.lesions} lesions" if cohort.lesions > cohort.patients else ""
    inside, responders = cohort.patients - cohort.external, cohort.responders - cohort.external_responders
    figure, axes = new_figure(7.6, 4.0)
    axis = axes[0, 0]
    axis.set_axis_off()
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    rows = {"table": 0.93, "outcome": 0.66, "split": 0.38, "use": 0.09}

    def box(x: float, y: float, words: str, aside: bool = False) -> float:
        """Draw a box; returns half its height."""
        frame = {"boxstyle": "round,pad=0.55", "facecolor": _ASIDE if aside else _BOX, "edgecolor": _EDGE}
        frame |= {"linestyle": "--"} if aside else {}
        axis.text(x, y, words, ha="center", va="center", fontsize=9, linespacing=1.35, bbox=frame, zorder=2)
        return 0.022 + 0.021 * (words.count("\n") + 1)

    def arrow(start: tuple[float, float], end: tuple[float, float], half_height: float) -> None:
        """From the middle of a box to the upper edge of another, of this half height."""
        style = {"arrowstyle": "-|>", "color": _EDGE, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
        axis.annotate("", (end[0], end[1] + half_height), start, arrowprops=style, zorder=1)

    rows_word = "rows" if lesions else subjects
    centre = _CENTRE if cohort.external or cohort.without_outcome else 0.5
    box(centre, rows["table"], f"{cohort.lesions + cohort.without_outcome} {rows_word} in the cohort table")
    words = f"{cohort.patients} {subjects} with outcome{lesions}\n{_split(cohort.responders, cohort.patients)}"
    arrow((centre, rows["table"]), (centre, rows["outcome"]), box(centre, rows["outcome"], words))
    if cohort.without_outcome:
        middle = (rows["table"] + rows["outcome"]) / 2 + 0.02
        axis.plot([centre, _RIGHT], [middle, middle], color=_EDGE, linewidth=1.2, zorder=1)
        box(_RIGHT + 0.06, middle, f"{cohort.without_outcome} left out: no outcome\nor not evaluable", aside=True)
    own = _LEFT + 0.1 if cohort.external else centre
    words = f"Development: {inside} {subjects}\n{_split(responders, inside)}"
    arrow((centre, rows["outcome"]), (own, rows["split"]), box(own, rows["split"], words))
    uses = _uses(result)
    places = [own] if len(uses) == 1 else [own - 0.17, own + 0.17]
    for place, use in zip(places, uses, strict=True):
        arrow((own, rows["split"]), (place, rows["use"]), box(place, rows["use"], use))
    if cohort.external:
        outside, place = cohort.external, _RIGHT + 0.08
        words = f"External: {outside} {subjects}\n{_split(cohort.external_responders, outside)}"
        arrow((centre, rows["outcome"]), (place, rows["split"]), box(place, rows["split"], words))
        half_height = box(place, rows["use"], "tested once\nwith frozen models")
        arrow((place, rows["split"]), (place, rows["use"]), half_height)
    return figure


def _uses(result: StudyResult) -> list[str]:
    uses, folds = [], result.settings.nested_cv
    if result.nested_cv is not None:
        uses.append(
            f"Nested cross-validation:\n{folds.repeats} x {folds.outer_folds} folds, each\n"
            f"with {folds.inner_folds} inner folds; all tested"
        )
    if result.published is not None:
        train, test = result.published.sets["train"], result.published.sets["test"]
        uses.append(
            f"Published: one split\ntraining {train.patients} ({_split(train.responders, train.patients)})\n"
            f"test {test.patients} ({_split(test.responders, test.patients)})"
        )
    return uses or ["described only"]


def _split(responders: int, patients: int) -> str:
    return f"{responders} OR, {patients - responders} NOR"
