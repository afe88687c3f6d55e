"""Rewrites the table of Docs/scores.md from the scores themselves: `python Testing/tools/scores_table.py`."""

from __future__ import annotations

import re
from pathlib import Path

from TACEResponseLib.scores import FACTS, Score, published_scores

DOCUMENT = Path(__file__).resolve().parents[2] / "Docs/scores.md"
_MARKS = re.compile(r"(<!-- scores: [^>]*-->\n).*(<!-- end of the scores -->)", flags=re.DOTALL)


def _row(score: Score) -> str:
    months = [group.median_survival_months for group in score.groups]
    survival = " / ".join(f"{one:g}" for one in months) + " months" if all(months) and months else ""
    facts = ", ".join(FACTS[name].title for name in score.facts)
    cells = (score.title, score.rule, facts, survival, score.source, score.performance)
    return "| " + " | ".join(cells) + " |"


def table() -> str:
    """The table, one row a score."""
    head = "| score | rule | facts | median survival by group in its own cohort | source | performance |\n"
    return head + "|---|---|---|---|---|---|\n" + "\n".join(map(_row, published_scores())) + "\n"


def with_table(text: str) -> str:
    """The document with the table as it is now."""
    return _MARKS.sub(lambda match: match[1] + table() + match[2], text)


if __name__ == "__main__":
    DOCUMENT.write_text(with_table(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
