"""How often the 95 % intervals of an AUC hold the truth: binormal scores of equal and of unequal spread.

Run: ``python Testing/benchmarks/bench_auc_coverage.py [--draws 2000] [--spreads 1 2 0.5 3] [--seed 1]``. Prints a
Markdown table: coverage of DeLong's plain interval, of the two parts of `auc_interval`, and of this, which `evaluate`
reports. Spread is the standard deviation of the scores of OR over that of NOR. About three minutes of one core.
"""

import argparse

import numpy as np
from scipy.stats import norm
from TACEResponseLib.evaluation import auc_interval, delong_auc
from TACEResponseLib.evaluation.intervals import delong_logit_low, exact_low, newcombe_low

SIZES = ((14, 14), (6, 22), (30, 30), (100, 100))
AREAS = (0.6, 0.7, 0.8, 0.9, 0.95)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--spreads", type=float, nargs="+", default=[1.0, 2.0, 0.5, 3.0])
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    print("| OR/NOR | spread | AUC | samples with AUC 1 | DeLong | logit DeLong | Newcombe | used | mean width |")
    print("|---|---|---|---|---|---|---|---|---|")
    used = []
    for sizes in SIZES:
        for spread in options.spreads:
            for area in AREAS:
                drawn = [draw(random, sizes, spread, area) for _ in range(options.draws)]
                perfect, *covered, width = np.mean(drawn, axis=0)
                used.append(covered[-1])
                cells = " | ".join(f"{share:.3f}" for share in (perfect, *covered))
                print(f"| {sizes[0]}/{sizes[1]} | {spread:g} | {area:g} | {cells} | {width:.2f} |", flush=True)
    error = np.sqrt(0.95 * 0.05 / options.draws)
    print(f"\nUsed: {min(used):.3f} to {max(used):.3f}; Monte Carlo standard error at .95: {error:.4f}.")


def draw(random: np.random.Generator, sizes: tuple[int, int], spread: float, area: float) -> tuple[float, ...]:
    """Of one sample: whether its AUC is 1, whether each interval holds ``area``, and the width of the one used."""
    outcome = np.repeat([True, False], sizes)
    score = random.standard_normal(len(outcome))
    score[outcome] = spread * score[outcome] + norm.ppf(area) * np.hypot(1, spread)
    plain, used = delong_auc(score, outcome), auc_interval(score, outcome)

    def logit_low(value: float) -> float:
        if value in (0, 1):
            return value * exact_low(*sizes)
        return delong_logit_low(value, plain.standard_error, *sizes)

    def score_low(value: float) -> float:
        return newcombe_low(value, *sizes) if value > 0 else 0.0

    held = [
        plain.low <= area <= plain.high,
        *(low(plain.value) <= area <= 1 - low(1 - plain.value) for low in (logit_low, score_low)),
        used.low <= area <= used.high,
    ]
    return (float(plain.value == 1), *map(float, held), used.high - used.low)


if __name__ == "__main__":
    main()
