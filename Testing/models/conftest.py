"""A small merged bundle with random weights: 2 sequences' names, one fact, two networks, 40 refits."""

import numpy as np
import pytest
from TACEResponseLib.features import PAPER_SETTINGS, get_feature_set
from TACEResponseLib.models import SCHEMA_VERSION, DnnScore, FoldedNetworks, LinearPredictor, ModelBundle
from TACEResponseLib.models.folded_network import plain_layer

FACT = "portal_venous_invasion"


def _random_networks(random, count, feature_count):
    shapes = [(6, feature_count), (3, 6), (2, 3)]
    weights = tuple(random.normal(0, 0.3, (count, *shape)).astype(np.float32) for shape in shapes)
    biases = tuple(random.normal(0, 0.3, (count, shape[0])).astype(np.float32) for shape in shapes)
    return FoldedNetworks(tuple(plain_layer(*layer) for layer in zip(weights, biases, strict=True)))


@pytest.fixture(scope="session")
def random_networks():
    """Make ``count`` networks of ``feature_count`` inputs with random weights."""
    return _random_networks


@pytest.fixture
def merged_bundle():
    """A merged bundle whose numbers are random but whose parts fit together."""
    random = np.random.default_rng(0)
    names = get_feature_set("default107").column_names(("AP",))
    refits, terms = 40, ("dnn", FACT)

    def score(members):
        mean = np.repeat(random.normal(0, 1, (1, len(names))), members, axis=0)
        return DnnScore(mean, np.full((members, len(names)), 2.0), _random_networks(random, members, len(names)))

    def predictor(terms):
        return LinearPredictor(
            terms,
            0.2,
            np.array([2.5, -1.0])[: len(terms)],
            np.zeros(len(terms)),
            np.array([0.5, 0.2])[: len(terms)],
            random.normal(0.2, 0.1, refits),
            random.normal(1, 0.3, (refits, len(terms))),
            np.zeros((refits, len(terms))),
            np.full((refits, len(terms)), 0.4),
        )

    return ModelBundle(
        name="test-cd",
        schema_version=SCHEMA_VERSION,
        kind="merged",
        demonstration=True,
        required_sequences=("AP",),
        required_facts=(FACT,),
        feature_set="default107",
        settings=PAPER_SETTINGS,
        feature_names=names,
        outcome="objective response (mRECIST CR or PR)",
        time_horizon="MR about 3 months after the first TACE",
        cohort_size=100,
        cohort_responders=40,
        threshold=0.45,
        threshold_rule="chosen for this test",
        training_scores={"OR": random.uniform(size=40), "NOR": random.uniform(size=60)},
        position_score="dnn",
        feature_minimum=np.full(len(names), -3.0),
        feature_maximum=np.full(len(names), 3.0),
        out_of_range_limit=4.0,
        sha256="",
        provenance={"seeds": [1, 2]},
        card="# test-cd\n\nα = 1\n",
        predictor=predictor(terms),
        prevalence=0.4,
        score_only=predictor(terms[:1]),
        scores={"dnn": score(2)},
        refit_scores={"dnn": score(refits)},
        clinical_coding={FACT: "portal venous invasion"},
        calibration={"slope": 0.8},
    )
