"""ICC of all features at once: 440 features x 36 cases x 2 readers, with their 95 % intervals.

    python Testing/benchmarks/bench_icc.py [--repeats N]

36 cases are the quarter of 144 that the paper has drawn again. Beside it one feature after the other, as a loop over a
statistics package would do it. The best and the median of the repeats are shown; the aim is under 50 ms.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import scipy.stats  # noqa: F401 - imported by the first call otherwise, which a timing must not count
from TACEResponseLib.repeatability import ICC_FORMS, icc

FEATURES, CASES, READERS = 440, 36, 2


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    repeats = parser.parse_args().repeats
    random = np.random.default_rng(0)
    ratings = random.standard_normal((CASES, 1, FEATURES)) + 0.5 * random.standard_normal((CASES, READERS, FEATURES))
    print(f"{FEATURES} features, {CASES} cases, {READERS} readers\n\n| | best, ms | median, ms |\n|---|---|---|")
    for form, title in ICC_FORMS.items():
        best, median = timed(lambda form=form: icc(ratings, form), repeats)
        print(f"| {title}, all at once | {best:.1f} | {median:.1f} |")
    best, median = timed(lambda: [icc(ratings[:, :, [number]]) for number in range(FEATURES)], max(repeats // 10, 1))
    print(f"| ICC(2,1), one after the other | {best:.1f} | {median:.1f} |")


def timed(function, repeats: int) -> tuple[float, float]:
    """Best and median wall time in milliseconds."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        function()
        times.append(1000 * (time.perf_counter() - started))
    return min(times), float(np.median(times))


if __name__ == "__main__":
    main()
