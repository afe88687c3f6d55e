"""The bundle `published-clinical`: four facts, weighted by the published counts alone (clinical.md).

With x_j = 1 for the fact, p1j and p0j its shares in OR and NOR, and facts independent within outcome, Bayes' theorem
gives a logistic regression: beta_j = logit p1j - logit p0j and beta_0 = ln(n1/n0) + sum ln((1 - p1j)/(1 - p0j)).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .bundle import SCHEMA_VERSION, ModelBundle
from .linear_predictor import LinearPredictor, expit
from .wording import CLINICAL_CODING, OUTCOME, RESEARCH_USE, TIME_HORIZON

RESPONDERS, NON_RESPONDERS = 56, 59
FACT_COUNTS: Mapping[str, tuple[int, int]] = {
    "child_pugh_b_or_c": (10, 20),
    "portal_venous_invasion": (6, 16),
    "afp_above_400_ng_ml": (18, 17),
    "ast_above_40_u_l": (23, 32),
}
"""Training patients with the fact, of 56 with OR and of 59 with NOR (Table 1 of the paper)."""

_EXPECTED_AUC, _PUBLISHED_AUC = 0.668, 0.637
_CONTINUITY = 0.5


def published_clinical_bundle(refit_count: int = 2000, seed: int = 1) -> ModelBundle:
    """Make the bundle from Table 1's counts.

    The published table holds no patients to resample. Each refit therefore draws a table as resampling would have
    under the same independence: the number of OR from Binomial(115, 56/115), then each fact's counts from
    Binomial(number of OR, p1j) and Binomial(number of NOR, p0j). Where a drawn count leaves a cell of the fact's 2x2
    table empty, 0.5 is added to its four cells.
    """
    size = RESPONDERS + NON_RESPONDERS
    counts = np.array(list(FACT_COUNTS.values()), dtype=float)
    prior, coefficients, offsets, means = _log_odds(
        np.array([RESPONDERS]), np.array([NON_RESPONDERS]), counts[None, :, 0], counts[None, :, 1]
    )
    random = np.random.default_rng(seed)
    drawn_responders = random.binomial(size, RESPONDERS / size, refit_count)
    drawn = _log_odds(
        drawn_responders,
        size - drawn_responders,
        random.binomial(drawn_responders[:, None], counts[:, 0] / RESPONDERS),
        random.binomial((size - drawn_responders)[:, None], counts[:, 1] / NON_RESPONDERS),
    )
    predictor = LinearPredictor(
        tuple(FACT_COUNTS), float(prior[0]), coefficients[0], offsets[0], means[0], drawn[0], *drawn[1:]
    )
    return ModelBundle(
        name="published-clinical",
        schema_version=SCHEMA_VERSION,
        kind="clinical",
        demonstration=False,
        required_sequences=(),
        required_facts=tuple(FACT_COUNTS),
        feature_set=None,
        settings=None,
        feature_names=(),
        outcome=OUTCOME,
        time_horizon=TIME_HORIZON,
        cohort_size=size,
        cohort_responders=RESPONDERS,
        threshold=RESPONDERS / size,
        threshold_rule="share of responders in the training cohort (56 of 115)",
        training_scores={"OR": np.empty(0), "NOR": np.empty(0)},
        position_score="probability",
        feature_minimum=np.empty(0),
        feature_maximum=np.empty(0),
        out_of_range_limit=0.0,
        sha256="",
        provenance={
            "made_by": "TACEResponseLib.models.published_clinical_bundle",
            "source": "doi 10.1186/s13244-023-01380-2, Table 1, training columns",
            "counts": {fact: {"OR": FACT_COUNTS[fact][0], "NOR": FACT_COUNTS[fact][1]} for fact in FACT_COUNTS},
            "refits": refit_count,
            "refit_rule": "binomial draws of the table, 0.5 added to the cells of a fact with an empty cell",
            "seed": seed,
        },
        card=_card(predictor, refit_count),
        predictor=predictor,
        prevalence=RESPONDERS / size,
        clinical_coding={fact: CLINICAL_CODING[fact] for fact in FACT_COUNTS},
        unknown_facts="drop",
        calibration={"slope": 1.0, "rule": "none: the published counts allow no recalibration"},
    )


def _log_odds(
    responders: np.ndarray, non_responders: np.ndarray, with_fact_or: np.ndarray, with_fact_nor: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """ln(n1/n0) (B,), beta (B, 4), ln((1-p1)/(1-p0)) (B, 4) and the overall shares (B, 4) of B tables."""
    cells = np.stack(
        [with_fact_or, responders[:, None] - with_fact_or, with_fact_nor, non_responders[:, None] - with_fact_nor]
    ).astype(float)
    cells += np.where((cells == 0).any(axis=0), _CONTINUITY, 0.0)
    present_or, absent_or, present_nor, absent_nor = cells
    coefficients = np.log(present_or / absent_or) - np.log(present_nor / absent_nor)
    offsets = np.log(absent_or / (present_or + absent_or)) - np.log(absent_nor / (present_nor + absent_nor))
    return np.log(responders / non_responders), coefficients, offsets, (present_or + present_nor) / cells.sum(axis=0)


def _card(predictor: LinearPredictor, refit_count: int) -> str:
    intercept = predictor.intercept + predictor.offsets.sum()
    rows = "\n".join(
        f"| {CLINICAL_CODING[fact]} | {FACT_COUNTS[fact][0]} of {RESPONDERS} | {FACT_COUNTS[fact][1]} of "
        f"{NON_RESPONDERS} | {coefficient:+.3f} | {np.exp(coefficient):.2f} |"
        for fact, coefficient in zip(predictor.terms, predictor.coefficients, strict=True)
    )
    return f"""# published-clinical

Probability of {OUTCOME} on {TIME_HORIZON}, from four clinical facts. It needs no images.

**{RESEARCH_USE}**

## What it was made from
The published counts of 115 patients (56 with objective response, 59 without; doi 10.1186/s13244-023-01380-2, Table 1,
training columns), under the assumption that the facts are independent of each other within each outcome. No patient's
data were available.

| fact | in responders | in non-responders | log odds | odds ratio |
|---|---|---|---|---|
{rows}

Intercept {intercept:+.3f}. Over the 16 patterns of facts the probability runs from \
{expit(intercept + np.minimum(predictor.coefficients, 0).sum()):.3f} to \
{expit(intercept + np.maximum(predictor.coefficients, 0).sum()):.3f}.

## What to know before using it
- Its probabilities are somewhat too extreme: independence would give an AUC of {_EXPECTED_AUC}, while the published
  clinical model has {_PUBLISHED_AUC} in training; the facts probably overlap.
- It was never checked on patients. The published clinical model, which is not this one, had AUC .685 (test) and .543
  (external).
- It assumes that {RESPONDERS} of {RESPONDERS + NON_RESPONDERS} patients respond ({RESPONDERS / 115:.1%}). Where
  another share is known, it can be set; all probabilities and the threshold move with it.
- An unknown fact can be left out, which is exact under the independence assumed.
- Threshold {RESPONDERS / 115:.3f}: the share of responders.
- Interval: {refit_count} redrawn tables (binomial, under the same independence; 0.5 added to the cells of a fact with
  an empty cell), 2.5th to 97.5th percentile. It does not cover a wrong assumption of independence.
- It has no scores of training patients, so that no position among them can be shown.
"""
