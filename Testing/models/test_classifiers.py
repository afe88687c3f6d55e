"""KNN, SVM, Lasso, mRMR and logistic regression against the libraries that define them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from TACEResponseLib.models.classifiers import RADIOMICS_SCORES, get_learner
from TACEResponseLib.models.elastic_net_score import LASSO_SHARES, fit_elastic_net
from TACEResponseLib.models.fitting import FitJob
from TACEResponseLib.models.knn_score import KnnScore, fit_knn
from TACEResponseLib.models.lasso_score import LassoScore, fit_lasso
from TACEResponseLib.models.lda_score import fit_lda
from TACEResponseLib.models.logistic import fit_logistic, is_separable
from TACEResponseLib.models.mrmr import distinct_columns, mrmr
from TACEResponseLib.models.svm_score import SvmScore, fit_svm

pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def cohort():
    """90 patients, 40 features of which 5 differ, an alias and a constant among them; and 30 new patients."""
    random = np.random.default_rng(4)
    outcome = random.random(120) < 0.5
    features = random.normal(size=(120, 40)) @ (np.eye(40) + 0.3 * random.normal(size=(40, 40)))
    features[:, :5] += 1.5 * outcome[:, None]
    features[:, 7] = 100 - 3 * features[:, 2]
    features[:, 9] = 5.0
    features = 50 + 10 * features
    return features[:90], outcome[:90], features[90:]


def scaled_columns(features, new, columns):
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(features)
    return scaler.transform(features)[:, columns], scaler.transform(new)[:, columns]


def test_knn_equals_scikit_learn(cohort):
    from sklearn.neighbors import KNeighborsClassifier

    features, outcome, new = cohort
    model = fit_knn(features, outcome)
    rows, new_rows = scaled_columns(features, new, model.columns[0])
    expected = KNeighborsClassifier(4).fit(rows, outcome).predict_proba(new_rows)[:, 1]
    np.testing.assert_allclose(model.member_scores(new)[:, 0], expected, atol=1e-12)


def test_svm_equals_scikit_learn(cohort):
    from sklearn.svm import SVC

    features, outcome, new = cohort
    model = fit_svm(features, outcome)
    rows, new_rows = scaled_columns(features, new, model.columns[0])
    expected = SVC(kernel="rbf", gamma=0.2).fit(rows, outcome).decision_function(new_rows)
    np.testing.assert_allclose(model.member_scores(new)[:, 0], expected, atol=1e-9)


def test_lasso_equals_scikit_learn(cohort):
    from sklearn.linear_model import Lasso

    features, outcome, new = cohort
    model = fit_lasso(features, outcome, np.arange(90), np.random.default_rng(0))
    rows, new_rows = scaled_columns(features, new, slice(None))
    expected = Lasso(alpha=model.alphas[0], max_iter=5000).fit(rows, outcome.astype(float)).predict(new_rows)
    np.testing.assert_allclose(model.member_scores(new)[:, 0], expected, atol=1e-9)
    assert 0 < np.count_nonzero(model.coefficients) < 40


@pytest.mark.parametrize(("fit", "kind"), [(fit_knn, KnnScore), (fit_svm, SvmScore), (fit_lasso, LassoScore)])
def test_members_joined_and_stored_score_as_before(cohort, fit, kind):
    features, outcome, new = cohort
    random = np.random.default_rng(2)
    members = []
    for _ in range(3):
        rows = random.integers(0, 90, 90)
        extra = (rows, np.random.default_rng(1)) if fit is fit_lasso else ()
        members.append(fit(features[rows], outcome[rows], *extra))
    joined = kind.from_arrays(kind.join(members).to_arrays())
    assert joined.member_count == 3
    assert joined.feature_count == 40
    expected = np.column_stack([member.member_scores(new)[:, 0] for member in members])
    np.testing.assert_allclose(joined.member_scores(new), expected, atol=1e-12)


def test_mrmr_equals_feature_engine(cohort):
    selection = pytest.importorskip("feature_engine.selection")
    import pandas as pd

    features, outcome, _ = cohort
    columns = distinct_columns(features)
    assert 7 not in columns
    assert 9 not in columns
    frame = pd.DataFrame(features[:, columns], columns=[f"f{column}" for column in columns])
    reference = selection.MRMR(method="FCQ", max_features=10, regression=False).fit(
        frame, pd.Series(outcome.astype(int))
    )
    expected = {int(name[1:]) for name in reference.get_feature_names_out()}
    assert set(mrmr(features, outcome, 10)) == expected


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.floats(-5, 5).filter(lambda value: abs(value) > 0.1), st.floats(-100, 100))
def test_aliases_are_found_whatever_their_unit(seed, factor, shift):
    features = np.random.default_rng(seed).normal(size=(30, 6))
    features[:, 4] = factor * features[:, 1] + shift
    assert list(distinct_columns(features)) == [0, 1, 2, 3, 5]


def test_logistic_regression_equals_statsmodels(cohort):
    api = pytest.importorskip("statsmodels.api")
    features, outcome, _ = cohort
    values = np.column_stack([features[:, 20:23], features[:, 9]])
    fit = fit_logistic(values, outcome)
    expected = api.Logit(outcome.astype(float), api.add_constant(features[:, 20:23])).fit(disp=0, tol=1e-12)
    np.testing.assert_allclose([fit.intercept, *fit.coefficients[:3]], expected.params, rtol=1e-5)
    assert fit.coefficients[3] == 0
    assert not fit.penalised


@pytest.mark.parametrize(
    ("values", "separable"),
    [([1, 2, 3, 4, 5, 6], True), ([1, 2, 3, 3, 5, 6], True), ([1, 2, 4, 3, 5, 6], False), ([0, 0, 0, 0, 0, 1], True)],
)
def test_separation_is_noticed_and_penalised(values, separable):
    values = np.array(values, dtype=float)[:, None]
    outcome = np.array([False, False, False, True, True, True])
    assert is_separable(values, outcome) is separable
    fit = fit_logistic(values, outcome)
    assert fit.penalised is separable
    assert np.isfinite(fit.coefficients).all()


@pytest.mark.filterwarnings("error")
def test_outcomes_that_are_nearly_separated_are_fitted_in_silence():
    """One of 30 patients keeps the likelihood from growing for ever; the optimum by scipy's BFGS."""
    from scipy.optimize import minimize

    random = np.random.default_rng(187)
    values = random.standard_normal((30, 1)) * 3
    outcome = values[:, 0] + 0.3 * random.standard_normal(30) > 0
    nearest = np.argmin(np.abs(values[:, 0]))
    outcome[nearest] = ~outcome[nearest]
    signs = np.where(outcome, 1.0, -1.0)
    expected = minimize(lambda b: np.logaddexp(0, -signs * (b[0] + values[:, 0] * b[1])).sum(), [0, 1], method="BFGS")
    fit = fit_logistic(values, outcome)
    assert not fit.penalised
    assert [fit.intercept, *fit.coefficients] == pytest.approx(expected.x, rel=0.01)


def test_one_outcome_is_refused():
    with pytest.raises(ValueError, match="same outcome"):
        fit_logistic(np.arange(4.0)[:, None], np.ones(4, bool))


@pytest.mark.parametrize("name", ["knn", "svm", "lasso"])
def test_learners_fit_each_job_on_its_own_rows(cohort, name):
    features, outcome, _ = cohort
    learner = get_learner(name)
    rows, rest = np.arange(60), np.arange(60, 90)
    jobs = [
        FitJob(rows, outcome[rows], (1,), rest, True),
        FitJob(rows[:50], outcome[:50], (1,), rest),
        FitJob(rows, outcome[rows], (1,), np.empty(0, int)),
    ]
    first, second, third = learner.fit_many(features, jobs, None)
    np.testing.assert_allclose(first.model.member_scores(features[rest])[:, 0], first.scores)
    assert second.model is None
    assert np.abs(first.scores - second.scores).max() > 0
    assert third.scores.size == 0


def test_learners_are_those_of_the_study():
    assert [get_learner(name).name for name in RADIOMICS_SCORES] == ["knn", "svm", "lasso", "dnn"]
    with pytest.raises(ValueError, match="forest"):
        get_learner("forest")


def test_elastic_net_and_shrinkage_lda_equal_scikit_learn(cohort):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import ElasticNet

    features, outcome, new = cohort
    rows, new_rows = scaled_columns(features, new, slice(None))
    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(rows, outcome)
    np.testing.assert_allclose(
        fit_lda(features, outcome).member_scores(new)[:, 0], lda.decision_function(new_rows), atol=1e-9
    )
    model = fit_elastic_net(features, outcome, np.arange(90), np.random.default_rng(0))
    assert model.lasso_shares[0] in LASSO_SHARES
    net = ElasticNet(alpha=model.alphas[0], l1_ratio=model.lasso_shares[0], tol=1e-3, max_iter=5000)
    expected = net.fit(rows, outcome.astype(float)).predict(new_rows)
    np.testing.assert_allclose(model.member_scores(new)[:, 0], expected, atol=1e-9)
