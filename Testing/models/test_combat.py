"""ComBat against neuroCombat, and what it must never do."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.models.combat import fit_combat


def centres(seed=0, counts=(14, 9, 20), features=30, shift=2.0):
    rng = np.random.default_rng(seed)
    batch = np.repeat([f"c{n}" for n in range(len(counts))], counts)
    values = rng.normal(rng.uniform(-50, 300, features), rng.uniform(1, 40, features), (len(batch), features))
    for number, count in enumerate(counts):
        rows = batch == f"c{number}"
        values[rows] = values[rows] * rng.uniform(0.7, 1.6, features) + shift * rng.normal(size=features) * 20
        assert count == rows.sum()
    order = rng.permutation(len(batch))
    return values[order], batch[order]


@pytest.mark.parametrize("seed", range(4))
def test_the_numbers_of_neurocombat(seed):
    package = pytest.importorskip("neuroCombat")
    import pandas as pd

    values, batch = centres(seed)
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = package.neuroCombat(dat=values.T, covars=pd.DataFrame({"batch": batch}), batch_col="batch")
    ours = fit_combat(values, batch)
    np.testing.assert_allclose(ours.apply(values, batch), theirs["data"].T, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(ours.shift, theirs["estimates"]["gamma.star"], rtol=1e-4, atol=1e-6)


def test_new_rows_of_known_centres_neither_change_the_fit_nor_each_other():
    values, batch = centres(1)
    fit = fit_combat(values[:30], batch[:30])
    together = fit.apply(values[30:], batch[30:])
    np.testing.assert_array_equal(together[3:4], fit.apply(values[33:34], batch[33:34]))
    changed = values.copy()
    changed[30:] *= 1000
    np.testing.assert_array_equal(fit_combat(changed[:30], batch[:30]).apply(values[30:], batch[30:]), together)


def test_shift_and_spread_of_a_centre_go():
    rng = np.random.default_rng(3)
    truth = rng.normal(0, 1, (400, 40))
    batch = np.array(["a", "b"] * 200)
    values = truth.copy()
    values[batch == "b"] = values[batch == "b"] * 1.8 + 3
    harmonised = fit_combat(values, batch).apply(values, batch)
    difference = harmonised[batch == "a"].mean(axis=0) - harmonised[batch == "b"].mean(axis=0)
    # Means of 200 rows differ by chance by 0.1-0.2; before, by 3.
    assert np.abs(difference).max() < 0.35
    ratio = harmonised[batch == "a"].std(axis=0) / harmonised[batch == "b"].std(axis=0)
    assert np.abs(np.log(ratio)).max() < 0.15


def test_a_constant_feature_stays():
    values, batch = centres(2)
    values[:, 4] = 7.0
    values[:, 9] = np.where(batch == "c1", 3.0, 5.0)
    harmonised = fit_combat(values, batch).apply(values, batch)
    np.testing.assert_array_equal(harmonised[:, [4, 9]], values[:, [4, 9]])
    assert np.isfinite(harmonised).all()


def test_an_unseen_centre_a_single_one_and_a_small_one_are_refused():
    values, batch = centres(0)
    with pytest.raises(ValueError, match="centre x was not among"):
        fit_combat(values, batch).apply(values[:2], ["c0", "x"])
    with pytest.raises(ValueError, match="at least two centres"):
        fit_combat(values, ["one"] * len(values))
    with pytest.raises(ValueError, match="of z there are 2"):
        fit_combat(values, ["z", "z", *batch[2:]])


@given(st.integers(0, 10_000), st.floats(0.01, 1000), st.floats(-1e4, 1e4))
def test_units_do_not_matter(seed, factor, offset):
    values, batch = centres(seed, counts=(6, 5), features=5)
    plain = fit_combat(values, batch).apply(values, batch)
    other = fit_combat(values * factor + offset, batch).apply(values * factor + offset, batch)
    np.testing.assert_allclose(other, plain * factor + offset, rtol=1e-5, atol=1e-5 * factor * np.abs(values).max())
