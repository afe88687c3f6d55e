"""How a model should be recalibrated, by experiment: feature-level cohorts with no, weak and strong signal.

Run: ``python Testing/benchmarks/bench_recalibration.py --work out/recalibration [--draws 200] [--dnn-draws 40]``, then
the same with ``--table``. Each draw of the chain (inner out-of-fold scores, refit, scores of 1,000 new patients, and
for the first draws the outer cross-validation) is a file under ``--work``: a run that was stopped goes on where it
stopped. Each of `recalibration_rules` then makes a predictor of the same scores, which is tested on the new patients.

The DNN is trained on ``--dnn-features`` features (110: one sequence) in ensembles of ``--dnn-ensemble``; the others on
440. CL and CD are the Lasso and the DNN with the four clinical facts.
"""

import argparse
import os
import sys
import time
from collections import defaultdict
from dataclasses import replace
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from recalibration_rules import RULES, Cohort, fit, slope_of
from TACEResponseLib.cohort import CLINICAL_FACTS
from TACEResponseLib.models import expit, logit
from TACEResponseLib.models.classifiers import get_learner
from TACEResponseLib.models.fitting import Learner
from TACEResponseLib.models.folds import stratified_folds
from TACEResponseLib.models.network_training import train_networks
from TACEResponseLib.phantom import simulate_cohort
from TACEResponseLib.phantom.table1 import share
from TACEResponseLib.phantom.truth import LATENT_SHIFT
from TACEResponseLib.study.chain import plan_chain, run_plans

SIGNALS = {"none": 0.0, "weak": 0.6, "strong": 1.0}
"""Share of the phantoms' distance between the outcomes: best possible AUC .72 and .83 on the features."""
FACT_SIGNALS = {"none": 0.0, "weak": 1.0, "strong": 2.0}
"""Multiple of Table 1's log odds ratios of the clinical facts."""
SIZES = (80, 150, 300)
KINDS = {
    "clinical": ("clinical", False, True),
    "knn": ("knn", True, False),
    "svm": ("svm", True, False),
    "lasso": ("lasso", True, False),
    "cl": ("lasso", True, True),
    "dnn": ("dnn", True, False),
    "cd": ("dnn", True, True),
}
"""Kind of model: its learner, and whether the second stage has the score and the facts."""

LEARNERS = ("clinical", "knn", "svm", "lasso", "dnn")
SLOW_RULES, SLOW_DRAWS = ("CV slope", "bootstrap", "ridge"), 40
"""Rules that fit the second stage a hundred times, and the draws that they are tried on."""

NEW_PATIENTS = 1000
OUTER_FOLDS = INNER_FOLDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("out/recalibration"))
    parser.add_argument("--draws", type=int, default=200, help="cohorts a cell of the cheap learners")
    parser.add_argument("--dnn-draws", type=int, default=40, help="cohorts a cell of the DNN")
    parser.add_argument("--nested-draws", type=int, default=60, help="of them with an outer cross-validation")
    parser.add_argument("--dnn-nested-draws", type=int, default=6)
    parser.add_argument("--dnn-features", type=int, default=110)
    parser.add_argument("--dnn-ensemble", type=int, default=2)
    parser.add_argument("--learners", nargs="+", choices=LEARNERS, default=list(LEARNERS))
    parser.add_argument("--table", action="store_true", help="print what the draws under --work show")
    arguments = parser.parse_args()
    if arguments.table:
        for kind in KINDS:
            print_table(arguments, kind)
    else:
        draw_all(arguments)


def draw_all(arguments: argparse.Namespace) -> None:
    """Make every draw that is not there yet, one of each cell in turn, so that all cells grow alike."""
    start, made = time.process_time(), 0
    for number in range(max(arguments.draws, arguments.dnn_draws)):
        for name in arguments.learners:
            prefix = "dnn_" if name == "dnn" else ""
            if number >= getattr(arguments, f"{prefix}draws"):
                continue
            nested = number < getattr(arguments, f"{prefix}nested_draws")
            feature_count = arguments.dnn_features if name == "dnn" else 440
            folder = folder_of(arguments, name)
            folder.mkdir(parents=True, exist_ok=True)
            for size in SIZES:
                for signal in SIGNALS:
                    file = folder / f"{signal}-{size}-{number:04d}.npz"
                    if not file.exists():
                        part = file.with_suffix(".part")
                        with part.open("wb") as stream:
                            drawn = draw(name, size, signal, number, feature_count, arguments.dnn_ensemble, nested)
                            np.savez(stream, **drawn)
                        part.rename(file)
                        made += 1
        if made:
            print(f"draw {number}: {made} made, {time.process_time() - start:.0f} CPU s", flush=True)


def draw(
    name: str, size: int, signal: str, number: int, feature_count: int, ensemble: int, nested: bool
) -> dict[str, np.ndarray]:
    """One cohort and new patients, run through the chain of the product.

    Returns ``outcome`` and ``facts`` of the cohort and ``scores``, its inner out-of-fold scores; ``new_*`` the same of
    new patients by the refit on the whole cohort; if ``nested`` also ``outer`` (n,), the outer part in which a patient
    is tested, ``outer_train`` (5, n), the inner out-of-fold scores within each outer training part (NaN for its test
    patients), and ``outer_test`` (n,), the scores of the test patients.
    """
    random = np.random.default_rng([2026, SIZES.index(size), list(SIGNALS).index(signal), number])
    cohort = simulate_cohort(size, random, feature_count, latent_shift=SIGNALS[signal] * LATENT_SHIFT)
    new = simulate_cohort(NEW_PATIENTS, random, feature_count, latent_shift=SIGNALS[signal] * LATENT_SHIFT)
    outcome, new_outcome = cohort.outcome, new.outcome
    result = {
        "outcome": outcome,
        "facts": draw_facts(outcome, FACT_SIGNALS[signal], random),
        "new_outcome": new_outcome,
        "new_facts": draw_facts(new_outcome, FACT_SIGNALS[signal], random),
        "outer": stratified_folds(outcome, OUTER_FOLDS, random),
    }
    if name == "clinical":
        return result
    features = np.concatenate([cohort.features, new.features])
    both = np.concatenate([outcome, new_outcome])
    everyone, fresh = np.arange(size), size + np.arange(NEW_PATIENTS)
    learner = learner_of(name, ensemble)
    outer = [(np.flatnonzero(result["outer"] != fold), np.flatnonzero(result["outer"] == fold)) for fold in range(5)]
    plans = [
        plan_chain(both, train, test, INNER_FOLDS, learner.ensemble_size, (number, part))
        for part, (train, test) in enumerate([(everyone, fresh), *(outer if nested else [])])
    ]
    main, *outer_scores = run_plans(features, learner, plans)
    result |= {"scores": main.out_of_fold, "new_scores": main.test}
    if not nested:
        return result
    outer_train, outer_test = np.full((OUTER_FOLDS, size), np.nan), np.empty(size)
    for fold, ((train, test), scores) in enumerate(zip(outer, outer_scores, strict=True)):
        outer_train[fold, train], outer_test[test] = scores.out_of_fold, scores.test
    return result | {"outer_train": outer_train, "outer_test": outer_test}


def learner_of(name: str, ensemble: int) -> Learner:
    """The product's learner; the DNN on one thread."""
    learner = get_learner(name, ensemble)
    return replace(learner, fit_many=partial(_one_thread)) if name == "dnn" else learner


def _one_thread(features, jobs, progress=None):
    return train_networks(features, jobs, workers=1)


def folder_of(arguments: argparse.Namespace, name: str) -> Path:
    """Where the draws of a learner lie."""
    part = f"dnn-{arguments.dnn_features}-{arguments.dnn_ensemble}" if name == "dnn" else name
    return Path(arguments.work / part)


def draw_facts(outcome: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    """Facts (n, 4) with Table 1's shares in all patients, and ``strength`` times its log odds ratios."""
    shares = np.array([[share(fact, response) for fact in CLINICAL_FACTS] for response in (False, True)])
    middle = logit(shares).mean(axis=0)
    stretched = expit(middle + strength * (logit(shares) - middle))
    return random.random((len(outcome), len(CLINICAL_FACTS))) < stretched[outcome.astype(int)]


def read_cohort(file: Path, has_score: bool, has_facts: bool) -> tuple[Cohort, np.ndarray]:
    """What the rules may see of a draw, and the outcome of its new patients."""
    with np.load(file) as arrays:
        drawn = dict(arrays)
    outcome, facts = drawn["outcome"], drawn["facts"]

    def terms(score: np.ndarray | None, own: np.ndarray) -> np.ndarray:
        columns = [part for part, used in ((score, has_score), (own, has_facts)) if used]
        return np.column_stack(columns).astype(float)

    nested = None
    if not has_score or "outer_train" in drawn:
        nested = np.empty(len(outcome))
        for fold in range(OUTER_FOLDS):
            test = drawn["outer"] == fold
            train_score = drawn["outer_train"][fold][~test] if has_score else None
            intercept, coefficients = fit(terms(train_score, facts[~test]), outcome[~test])
            test_score = drawn["outer_test"][test] if has_score else None
            nested[test] = intercept + terms(test_score, facts[test]) @ coefficients
    cohort = Cohort(
        values=terms(drawn.get("scores"), facts),
        outcome=outcome,
        new=terms(drawn.get("new_scores"), drawn["new_facts"]),
        nested=nested,
        is_score_alone=has_score and not has_facts,
        random=np.random.default_rng([7, int(file.stem[-4:])]),
    )
    return cohort, drawn["new_outcome"]


def print_table(arguments: argparse.Namespace, kind: str) -> None:
    """One row a cell and rule.

    ``slope``: median over the cohorts whose predictions differ, with its Monte Carlo error; ``flat``: share of cohorts
    in which everybody gets the prevalence; Brier scores, in 1/10,000, against no factor and against the prevalence;
    ``near``: share of cohorts in which 95 % of the predictions lie within .05 of the prevalence.
    """
    learner, has_score, has_facts = KINDS[kind]
    print(f"\n{kind}\n{'signal':7}{'n':>4} {'rule':20}{'draws':>6}{'slope':>14}{'flat':>6}", end="")
    print(f"{'Brier-none':>15}{'Brier-prev.':>15}{'near':>6}")
    for signal in SIGNALS:
        for size in SIZES:
            results = defaultdict(list)
            for file in sorted(folder_of(arguments, learner).glob(f"{signal}-{size}-*.npz")):
                cohort, truth = read_cohort(file, has_score, has_facts)
                without = _brier(RULES["no factor"](cohort), truth)
                for name, rule in RULES.items():
                    if name in SLOW_RULES and len(results[name]) >= SLOW_DRAWS:
                        continue
                    log_odds = rule(cohort)
                    if log_odds is not None:
                        results[name].append(_measures(cohort, log_odds, truth, without))
            for name, rows in results.items():
                _print_row(signal, size, name, np.array(rows))
    sys.stdout.flush()


def _measures(cohort: Cohort, log_odds: np.ndarray, truth: np.ndarray, without: float) -> tuple[float, ...]:
    share = cohort.outcome.mean()
    distance = float(np.percentile(np.abs(expit(log_odds) - share), 95))
    slope = np.nan if log_odds.std() < 1e-6 else slope_of(log_odds, truth)
    brier = _brier(log_odds, truth)
    return slope, brier - without, brier - float(np.mean((share - truth) ** 2)), distance


def _brier(log_odds: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean((expit(log_odds) - truth) ** 2))


def _print_row(signal: str, size: int, name: str, rows: np.ndarray) -> None:
    slopes = rows[~np.isnan(rows[:, 0]), 0]
    median, error = "-", ""
    if slopes.size:
        low, high = np.percentile(slopes, (25, 75))
        # Of a median, from the quartiles, as some slopes are far out.
        median, error = f"{np.median(slopes):.2f}", f"±{1.2533 * (high - low) / 1.349 / np.sqrt(slopes.size):.2f}"
    briers = "".join(
        f"{1e4 * column.mean():+9.1f}±{1e4 * column.std() / np.sqrt(len(column)):<5.1f}" for column in rows[:, 1:3].T
    )
    print(f"{signal:7}{size:>4} {name:20}{len(rows):>6}{median:>8}{error:<6}", end="")
    print(f"{1 - slopes.size / len(rows):>6.2f}{briers}{np.mean(rows[:, 3] <= 0.05):>6.2f}")


if __name__ == "__main__":
    main()
