"""Features and facts for the bundle of `make_formula_bundle`."""

import numpy as np
import pytest
from TACEResponseLib.cohort import CaseKey, ClinicalRecord
from TACEResponseLib.features import FeatureVector


@pytest.fixture(scope="session")
def key():
    """The case that all messages must name."""
    return CaseKey("HCC_07b")


@pytest.fixture(scope="session")
def make_features(key):
    """Make a feature vector for a bundle: all 100 but AP_firstorder_Mean; ``values`` replace features by name."""

    def make(bundle, mean=530.0, values=None, **changes):
        numbers = dict.fromkeys(bundle.feature_names, 100.0) | {"AP_firstorder_Mean": mean} | (values or {})
        fields = {
            "key": key,
            "names": tuple(numbers),
            "values": np.array(list(numbers.values())),
            "settings": bundle.settings,
            "feature_set": bundle.feature_set,
            "engine": "native 1",
            "input_sha256": dict.fromkeys(bundle.required_sequences, ("1" * 64, "2" * 64)),
        }
        return FeatureVector(**{**fields, **changes})

    return make


@pytest.fixture(scope="session")
def all_known():
    """Child-Pugh B7, no portal venous invasion, AFP 12 ng/mL, AST 55 U/L."""
    return ClinicalRecord.from_cells(child_pugh="B7", portal_venous_invasion="no", afp_ng_ml="12", ast_u_l="55")
