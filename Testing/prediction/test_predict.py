"""Every rule of clinical.md, "The probability and its words", on a bundle whose numbers follow from a formula."""

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from TACEResponseLib.cohort import CLINICAL_FACTS, CaseWarning, ClinicalRecord
from TACEResponseLib.features import FeatureSettings
from TACEResponseLib.models import published_clinical_bundle
from TACEResponseLib.prediction import predict_from_features


def _logistic(x):
    return 1 / (1 + np.exp(-x))


def _by_formula(bundle, mean, facts):
    """Probability and 95 % percentile interval, written out from the definition of the bundle's fixture."""
    predictor = bundle.predictor
    own = _logistic((mean - 500) / 50)
    biases = bundle.refit_scores["dnn"].networks.layers[0].bias[:, 1].astype(float)
    refit_scores = _logistic((mean - 500) / 50 + biases)
    facts = np.array(facts, float)
    log_odds = predictor.intercept + predictor.coefficients[0] * own + predictor.coefficients[1:] @ facts
    refits = (
        predictor.refit_intercepts
        + predictor.refit_coefficients[:, 0] * refit_scores
        + predictor.refit_coefficients[:, 1:] @ facts
    )
    return _logistic(log_odds), *_logistic(np.percentile(refits, (2.5, 97.5)))


def _record(facts):
    child_pugh, invasion, afp, ast = facts
    grade = None if child_pugh is None else "AB"[child_pugh]
    return ClinicalRecord.from_cells(
        child_pugh=grade or "",
        portal_venous_invasion={None: "", False: "no", True: "yes"}[invasion],
        afp_ng_ml={None: "", False: "<400", True: ">400"}[afp],
        ast_u_l={None: "", False: "20", True: "80"}[ast],
    )


def _codes(prediction):
    return [warning.code for warning in prediction.warnings]


def test_all_facts_known_gives_the_estimate_and_its_interval(make_formula_bundle, make_features, all_known, key):
    bundle = make_formula_bundle()
    prediction = predict_from_features(key, make_features(bundle), all_known, bundle)
    expected = _by_formula(bundle, 530.0, (1, 0, 0, 1))
    found = (prediction.probability, prediction.probability_low, prediction.probability_high)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert prediction.probability_range is None
    assert prediction.unknown_facts == ()
    assert prediction.score_only_probability is None
    assert prediction.scores == {"dnn": pytest.approx(_logistic(0.6), rel=1e-6)}
    assert _codes(prediction) == []


def test_contributions_are_terms_against_the_training_mean(make_formula_bundle, make_features, all_known, key):
    bundle = make_formula_bundle()
    prediction = predict_from_features(key, make_features(bundle), all_known, bundle)
    values = [_logistic(0.6), 1, 0, 0, 1]
    assert [c.term for c in prediction.contributions] == ["dnn", *CLINICAL_FACTS]
    np.testing.assert_allclose([c.value for c in prediction.contributions], values, rtol=1e-6)
    np.testing.assert_allclose(
        [c.log_odds for c in prediction.contributions],
        [2.0 * (values[0] - 0.5), -0.86 * 0.74, -1.13 * -0.19, 0.16 * -0.3, -0.53 * 0.52],
        rtol=1e-5,
    )
    assert prediction.contributions[0].label == "DNN radiomics score, 0-1"


@pytest.mark.parametrize("unknown", [(0,), (3,), (1, 2), (0, 1, 3)])
def test_unknown_facts_give_the_range_over_their_levels(make_formula_bundle, make_features, key, unknown):
    bundle = make_formula_bundle()
    known = [True, False, True, False]
    facts = [None if number in unknown else value for number, value in enumerate(known)]
    prediction = predict_from_features(key, make_features(bundle), _record(facts), bundle)
    patterns = [
        [dict(zip(unknown, levels, strict=True)).get(number, known[number]) for number in range(4)]
        for levels in product((0, 1), repeat=len(unknown))
    ]
    probabilities, lows, highs = zip(*(_by_formula(bundle, 530.0, pattern) for pattern in patterns), strict=True)
    assert prediction.probability is None
    np.testing.assert_allclose(prediction.probability_range, (min(probabilities), max(probabilities)), rtol=1e-6)
    assert prediction.probability_low == pytest.approx(min(lows), rel=1e-6)
    assert prediction.probability_high == pytest.approx(max(highs), rel=1e-6)
    assert prediction.unknown_facts == tuple(CLINICAL_FACTS[number] for number in unknown)
    assert "facts_unknown" in _codes(prediction)
    assert prediction.score_only_probability is None
    blank = {c.term for c in prediction.contributions if (c.value, c.log_odds, c.log_odds_low) == (None,) * 3}
    assert blank == set(prediction.unknown_facts)
    assert prediction.position is not None


@settings(max_examples=40, deadline=None)
@given(facts=st.lists(st.sampled_from([None, True, False]), min_size=4, max_size=4), mean=st.floats(300, 700))
def test_the_envelope_holds_the_interval_of_every_level(make_formula_bundle, make_features, key, facts, mean):
    bundle = make_formula_bundle()
    whole = predict_from_features(key, make_features(bundle, mean), _record(facts), bundle)
    for levels in product((True, False), repeat=4):
        if all(fact in (None, level) for fact, level in zip(facts, levels, strict=True)):
            one = predict_from_features(key, make_features(bundle, mean), _record(levels), bundle)
            smallest, largest = whole.probability_range or (whole.probability,) * 2
            assert smallest <= one.probability <= largest
            assert whole.probability_low <= one.probability_low <= one.probability_high <= whole.probability_high
            if whole.predicted_class != "undecided":
                assert one.predicted_class == whole.predicted_class


def test_all_facts_unknown_offers_the_score_alone(make_formula_bundle, make_features, key):
    bundle = make_formula_bundle()
    prediction = predict_from_features(key, make_features(bundle), ClinicalRecord(), bundle)
    expected = _logistic(-0.8 + 2.0 * _logistic(0.6))
    assert prediction.score_only_probability == pytest.approx(expected, rel=1e-6)
    assert prediction.score_only_low < expected < prediction.score_only_high
    assert prediction.probability is None


def test_only_the_facts_of_the_bundle_are_needed(make_formula_bundle, make_features, key):
    whole = make_formula_bundle()
    predictor = whole.predictor
    arrays = {
        name: np.asarray(getattr(predictor, name))[..., :2]
        for name in ("coefficients", "offsets", "means", "refit_coefficients", "refit_offsets", "refit_means")
    }
    bundle = make_formula_bundle(
        predictor=replace(predictor, terms=predictor.terms[:2], **arrays), required_facts=CLINICAL_FACTS[:1]
    )
    prediction = predict_from_features(key, make_features(bundle), ClinicalRecord.from_cells(child_pugh="A"), bundle)
    assert prediction.probability == pytest.approx(_logistic(-0.8 + 2.0 * _logistic(0.6)), rel=1e-6)
    assert prediction.unknown_facts == ()


@pytest.mark.parametrize(("threshold", "predicted"), [(0.02, "OR"), (0.98, "NOR"), (None, "undecided")])
def test_a_class_is_named_only_outside_the_interval(
    make_formula_bundle, make_features, all_known, key, threshold, predicted
):
    low_edge = _by_formula(make_formula_bundle(), 530.0, (1, 0, 0, 1))[1]
    bundle = make_formula_bundle(threshold=low_edge + 1e-4 if threshold is None else threshold)
    assert predict_from_features(key, make_features(bundle), all_known, bundle).predicted_class == predicted


def test_no_class_when_the_estimate_lies_beyond_its_interval(make_formula_bundle, make_features, all_known, key):
    bundle = make_formula_bundle()
    shifted = replace(bundle.predictor, refit_intercepts=bundle.predictor.refit_intercepts + 5)
    probability, low, _ = _by_formula(replace(bundle, predictor=shifted), 530.0, (1, 0, 0, 1))
    assert probability < low
    bundle = make_formula_bundle(predictor=shifted, threshold=(probability + low) / 2)
    assert predict_from_features(key, make_features(bundle), all_known, bundle).predicted_class == "undecided"


@pytest.mark.parametrize("known", [(), (0,), (1, 3), (0, 1, 2, 3)])
def test_published_clinical_drops_unknown_facts(key, known):
    """Bayes' theorem on Table 1's counts: odds = 56/59 times the likelihood ratio of each known fact, all present."""
    bundle = published_clinical_bundle(refit_count=200)
    counts_or, counts_nor = (10, 6, 18, 23), (20, 16, 17, 32)
    facts = [True if number in known else None for number in range(4)]
    odds = 56 / 59 * np.prod([(counts_or[number] / 56) / (counts_nor[number] / 59) for number in known])
    prediction = predict_from_features(key, None, _record(facts), bundle)
    assert prediction.probability == pytest.approx(odds / (1 + odds), rel=1e-9)
    assert prediction.probability_range is None
    assert prediction.position is None
    assert ("facts_dropped" in _codes(prediction)) == (len(known) < 4)
    assert [c.value for c in prediction.contributions] == [1.0 if number in known else None for number in range(4)]


def test_position_is_the_share_of_training_scores_below(make_formula_bundle, make_features, all_known, key):
    training = {"OR": np.array([0.1, 0.5, 0.7, 0.9]), "NOR": np.array([0.1, 0.2, 0.3, 0.6, 0.95])}
    bundle = make_formula_bundle(training_scores=training)
    position = predict_from_features(key, make_features(bundle), all_known, bundle).position
    # The score is 0.646.
    assert (position.or_percentile, position.nor_percentile) == (50.0, 80.0)


def test_position_by_probability_needs_one_estimate(make_formula_bundle, make_features, all_known, key):
    bundle = make_formula_bundle(position_score="probability")
    known = predict_from_features(key, make_features(bundle), all_known, bundle)
    below = np.mean(bundle.training_scores["NOR"] < known.probability)
    assert known.position.nor_percentile == pytest.approx(100 * below)
    assert predict_from_features(key, make_features(bundle), ClinicalRecord(), bundle).position is None


def test_features_out_of_range_are_counted_and_warned_of_above_the_limit(
    make_formula_bundle, make_features, all_known, key
):
    names = make_formula_bundle().feature_names
    bundle = make_formula_bundle(
        feature_minimum=np.full(len(names), 90.0), feature_maximum=np.full(len(names), 600.0), out_of_range_limit=2.85
    )
    usual = make_features(bundle, values={"T2_glcm_Contrast": 601.0, "AP_glcm_Contrast": 89.0})
    within = predict_from_features(key, usual, all_known, bundle)
    assert (within.out_of_range_count, _codes(within)) == (2, [])
    unusual = make_features(
        bundle, values={"T2_glcm_Contrast": 601.0, "AP_glcm_Contrast": 9e9, "AP_gldm_DependenceEntropy": 0.0}
    )
    outside = predict_from_features(key, unusual, all_known, bundle)
    (warning,) = outside.warnings
    assert (outside.out_of_range_count, warning.code) == (3, "out_of_range")
    assert "3 of 214 features" in warning.text
    assert "(up to 2)" in warning.text
    assert "farthest: AP_glcm_Contrast, AP_gldm_DependenceEntropy, T2_glcm_Contrast" in warning.text


def test_an_undefined_feature_is_refused_with_its_reason(make_formula_bundle, make_features, all_known, key):
    bundle = make_formula_bundle()
    features = make_features(
        bundle, values={"AP_glcm_MCC": np.nan}, undefined={"AP_glcm_MCC": "one grey level pair only"}
    )
    with pytest.raises(ValueError, match=r"Patient HCC_07b: .*AP, glcm_MCC: one grey level pair only"):
        predict_from_features(key, features, all_known, bundle)


def test_features_of_other_settings_or_sets_are_refused(make_formula_bundle, make_features, all_known, key):
    bundle = make_formula_bundle()
    other = make_features(bundle, settings=FeatureSettings(bin_width=10.0))
    with pytest.raises(ValueError, match=r"Patient HCC_07b: .*bin width 10, "):
        predict_from_features(key, other, all_known, bundle)
    with pytest.raises(ValueError, match=r"Patient HCC_07b: .*paper110"):
        predict_from_features(key, make_features(bundle, feature_set="paper110"), all_known, bundle)
    with pytest.raises(ValueError, match=r"Patient HCC_07b: .*needs the features of T2, AP"):
        predict_from_features(key, None, all_known, bundle)
    only_ap = make_features(bundle)
    only_ap = replace(only_ap, names=only_ap.names[107:], values=only_ap.values[107:])
    with pytest.raises(ValueError, match=r"Patient HCC_07b: 107 features .* are missing"):
        predict_from_features(key, only_ap, all_known, bundle)


def test_columns_in_another_order_give_the_same_prediction(make_formula_bundle, make_features, all_known, key):
    bundle = make_formula_bundle()
    features = make_features(bundle)
    turned = replace(features, names=features.names[::-1], values=features.values[::-1])
    assert predict_from_features(key, turned, all_known, bundle) == predict_from_features(
        key, features, all_known, bundle
    )


@pytest.mark.parametrize(
    ("demonstration", "is_phantom", "only", "codes"),
    [
        (True, False, True, ["demonstration_model"]),
        (True, True, False, []),
        (False, False, False, []),
        (False, True, False, []),
    ],
)
def test_a_demonstration_model_is_for_phantoms(
    make_formula_bundle, make_features, all_known, key, demonstration, is_phantom, only, codes
):
    bundle = make_formula_bundle(demonstration=demonstration)
    prediction = predict_from_features(key, make_features(bundle, is_phantom=is_phantom), all_known, bundle)
    assert prediction.demonstration_only is only
    assert _codes(prediction) == codes


@pytest.mark.parametrize(
    ("clinical", "codes"),
    [
        (ClinicalRecord.from_cells(child_pugh="A6", portal_venous_invasion="no", afp_ng_ml="<400", ast_u_l="20"), []),
        (ClinicalRecord.from_cells(child_pugh="B7", portal_venous_invasion="no", afp_ng_ml="<400", ast_u_l="20"), []),
        (
            ClinicalRecord.from_cells(child_pugh="B8", portal_venous_invasion="no", afp_ng_ml="<400", ast_u_l="20"),
            ["child_pugh_caution"],
        ),
        (
            ClinicalRecord.from_cells(child_pugh="B9", portal_venous_invasion="no", afp_ng_ml="<400", ast_u_l="20"),
            ["child_pugh_caution"],
        ),
        (
            ClinicalRecord.from_cells(child_pugh="C", portal_venous_invasion="no", afp_ng_ml="<400", ast_u_l="20"),
            ["child_pugh_caution"],
        ),
        (
            ClinicalRecord.from_cells(child_pugh="B", portal_venous_invasion="no", afp_ng_ml="<400", ast_u_l="20"),
            ["child_pugh_caution"],
        ),
        (
            ClinicalRecord.from_cells(child_pugh="A5", portal_venous_invasion="yes", afp_ng_ml="<400", ast_u_l="20"),
            ["portal_venous_invasion_caution"],
        ),
    ],
)
def test_cautions_for_poor_liver_function_and_portal_invasion(make_formula_bundle, make_features, key, clinical, codes):
    bundle = make_formula_bundle()
    assert _codes(predict_from_features(key, make_features(bundle), clinical, bundle)) == codes


def test_warnings_of_the_images_are_passed_on(make_formula_bundle, make_features, all_known, key):
    bundle = make_formula_bundle()
    warning = CaseWarning("gadoxetate", "The contrast agent is gadoxetate.")
    prediction = predict_from_features(key, make_features(bundle), all_known, bundle, (warning,))
    assert prediction.warnings == (warning,)


def test_provenance_says_how_to_make_the_number_again(make_formula_bundle, make_features, all_known, key):
    bundle = make_formula_bundle()
    provenance = predict_from_features(key, make_features(bundle), all_known, bundle).provenance
    assert json.loads(json.dumps(provenance)) == provenance
    assert FeatureSettings.from_dict(provenance["settings"]) == bundle.settings
    assert (provenance["feature_set"], provenance["engine"]) == ("default107", "native 1")
    assert provenance["inputs"]["AP"] == {"image_sha256": "1" * 64, "mask_sha256": "2" * 64}
    assert set(provenance["versions"]) == {"TACEResponse", "python", "numpy", "SimpleITK"}
