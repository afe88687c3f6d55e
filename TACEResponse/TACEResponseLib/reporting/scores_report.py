"""The report of published scores on a cohort: survival by score and group, AUC for response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..cohort import Json, replace_file
from ..evaluation import FEW_EVENTS, ScoreJudgement, months_text
from .cohort_page import PHANTOM_STRIP, CohortPage, ReportFigure, write_figures
from .figure_files import new_figure
from .page import section, table, text
from .results_files import Rows, json_bytes, with_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INTRODUCTION = (
    "These scores were made to predict survival, a few of them liver function. None was made to predict response to "
    "TACE, and a group with longer survival is not a group that responds better.",
    "Harrell's C is the share of comparable pairs of patients in which the one with the higher score dies first: .5 is "
    "chance, 1 is perfect. Its interval is that of 1,000 bootstraps of these patients. A score is judged on the "
    "patients for whom it is known; two scores are comparable only on the same patients. An AUC's interval is "
    "the wider at each end of logit DeLong and Newcombe.",
)

_GROUP_COLOURS = ("#0072b2", "#009e73", "#e69f00", "#d55e00", "#8c3a8c", "#56b4e9", "#555555")
_STYLES = ("-", "--", "-.", ":", "-", "--", "-.")


def write_scores_report(folder: Path, judgements: Sequence[ScoreJudgement], patients: int, phantoms: bool) -> None:
    """Write report.html, results.json and figures/ into ``folder``. Raises ValueError if a file cannot be written.

    ``patients`` is how many the cohort has, ``phantoms`` whether they are synthetic.
    """
    figures = write_figures(folder, (_curves(one) for one in judgements if one.curves), "survival_*")
    numbers: dict[str, Json] = {
        "TACEResponse": __version__,
        "patients": patients,
        "phantoms": phantoms,
        "scores": {one.score.name: _numbers(one) for one in judgements},
    }
    replace_file(folder / "results.json", json_bytes(numbers))
    replace_file(folder / "report.html", _html(judgements, patients, phantoms, figures).encode("utf-8"))


def _html(judgements: Sequence[ScoreJudgement], patients: int, phantoms: bool, figures: Mapping[str, str]) -> str:
    subjects = "phantoms" if phantoms else "patients"
    sections = [
        section("What these scores are", "".join(f"<p>{text(one)}</p>" for one in _INTRODUCTION)),
        section("All scores", f'<div class="scroll">{table(*_performance(judgements), "numbers")}</div>'),
    ]
    for one in judgements:
        if one.curves:
            figure = figures[f"survival_{one.score.name}"]
            content = figure + table(*_at_risk(one), "numbers") + f'<p class="note">{text(one.score.rule)}.</p>'
            sections.append(section(f"{one.score.title}: survival by group", content))
    sections.append(section("Sources", table(("Score", "Source", "Performance elsewhere"), _sources(judgements))))
    return CohortPage(
        title=f"Published scores on {patients} {subjects}",
        heading="Published scores",
        sections=sections,
        kicker=f"Clinical facts alone, no image: {patients} {subjects}",
        details=(f"{len(judgements)} scores",),
        strips=(PHANTOM_STRIP,) if phantoms else (),
        remarks=_remarks(judgements, subjects),
    ).html()


def _performance(judgements: Sequence[ScoreJudgement]) -> Rows:
    header = ("Score", "Judged", "Left out", "Deaths", "Harrell's C (95 %)", "Log-rank p", "OR / NOR", "AUC, response")
    rows = []
    for one in judgements:
        survival, response = one.survival, one.response
        rows.append(
            [
                one.score.title,
                str(one.patients),
                str(one.left_out),
                "" if survival is None else str(survival.events),
                "" if survival is None else with_interval(survival.value, survival.low, survival.high),
                "" if one.log_rank_p is None else _p_text(one.log_rank_p),
                f"{one.responders} / {one.non_responders}" if one.responders + one.non_responders else "",
                "" if response is None else with_interval(response.value, response.low, response.high),
            ]
        )
    return header, rows


def _p_text(p: float) -> str:
    return "< .001" if p < 0.001 else f"{p:.3f}"


def _at_risk(one: ScoreJudgement) -> Rows:
    months = [f"At risk, {month:g} months" for month in one.curves[0].at_risk_months]
    rows = [
        [
            curve.group,
            str(curve.patients),
            str(curve.events),
            months_text(curve.median_months),
            *map(str, curve.at_risk),
        ]
        for curve in one.curves
    ]
    return ("Group", "Patients", "Deaths", "Median survival", *months), rows


def _remarks(judgements: Sequence[ScoreJudgement], subjects: str) -> list[str]:
    remarks = [f"{one.score.title}: {reason}" for one in judgements for reason in one.reasons]
    if any(one.left_out for one in judgements):
        remarks.append(f"{subjects.capitalize()} are left out where a fact is unknown or a score does not cover them.")
    few = [one.score.title for one in judgements if one.survival is not None and one.survival.events < FEW_EVENTS]
    if few:
        remarks.append(f"Fewer than {FEW_EVENTS} deaths say little about {', '.join(few)}.")
    return remarks


def _sources(judgements: Sequence[ScoreJudgement]) -> list[list[str]]:
    return [[one.score.title, one.score.source, one.score.performance] for one in judgements]


def _numbers(one: ScoreJudgement) -> Json:
    survival, response = one.survival, one.response
    return {
        "title": one.score.title,
        "predicts": one.score.predicts,
        "patients": one.patients,
        "left_out": one.left_out,
        "harrell_c": None
        if survival is None
        else {"value": survival.value, "low": survival.low, "high": survival.high, "deaths": survival.events},
        "log_rank_p": one.log_rank_p,
        "auc_response": None
        if response is None
        else {
            "value": response.value,
            "low": response.low,
            "high": response.high,
            "responders": one.responders,
            "non_responders": one.non_responders,
        },
        "groups": [
            {
                "group": curve.group,
                "patients": curve.patients,
                "deaths": curve.events,
                "median_months": curve.median_months,
                "at_risk_months": curve.at_risk_months,
                "at_risk": curve.at_risk,
            }
            for curve in one.curves
        ],
        "reasons": one.reasons,
    }


def _curves(one: ScoreJudgement) -> ReportFigure:
    figure, axes = new_figure(6.4, 3.4)
    axis: Axes = axes[0][0]
    for curve, colour, style in zip(one.curves, _GROUP_COLOURS, _STYLES, strict=False):
        times, survival = (*curve.times_months,), (*curve.survival,)
        axis.step(times, survival, where="post", color=colour, linestyle=style, linewidth=1.6, label=curve.group)
        if curve.patients >= 10:
            axis.fill_between(times, curve.low, curve.high, step="post", color=colour, alpha=0.10, linewidth=0)
    axis.set_ylim(0, 1.02)
    axis.set_xlim(left=0)
    axis.set_xlabel("months", fontsize=9)
    axis.set_ylabel("share alive", fontsize=9)
    axis.legend(fontsize=8, frameon=False)
    caption = f"Kaplan-Meier curves by group of {one.score.title}, with 95 % bands of groups of 10 or more."
    return ReportFigure(f"survival_{one.score.name}", caption, figure)
