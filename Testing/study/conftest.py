"""Cohorts without images for training: simulated features in a feature table, and their cases."""

import numpy as np
import pytest
from TACEResponseLib.cohort import Case, CaseKey, ClinicalRecord
from TACEResponseLib.features import PAPER_SETTINGS, FeatureTable, get_feature_set
from TACEResponseLib.phantom import simulate_cohort


def _record(facts):
    child_pugh, invasion, afp, ast = (bool(fact) for fact in facts)
    return ClinicalRecord.from_cells(
        child_pugh="B" if child_pugh else "A",
        portal_venous_invasion="yes" if invasion else "no",
        afp_ng_ml=">400" if afp else "<400",
        ast_u_l="55" if ast else "30",
    )


@pytest.fixture(scope="session")
def make_cohort():
    """Make (cases, table) of ``count`` patients with the features of one sequence; ``phantoms`` marks all as such."""

    def make(count=80, seed=0, phantoms=False, **simulation):
        names = get_feature_set("default107").column_names(("AP",))
        drawn = simulate_cohort(count, np.random.default_rng(seed), len(names), **simulation)
        keys = tuple(CaseKey(f"P{number:03d}") for number in range(count))
        cases = [
            Case(key, clinical=_record(facts), objective_response=bool(outcome))
            for key, facts, outcome in zip(keys, drawn.facts, drawn.outcome, strict=True)
        ]
        table = FeatureTable(
            keys,
            names,
            100 + 20 * drawn.features,
            PAPER_SETTINGS,
            "default107",
            "native 1",
            frozenset(keys) if phantoms else frozenset(),
        )
        return cases, table

    return make
