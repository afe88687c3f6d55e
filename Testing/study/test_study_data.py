"""Joining cohort and features: what is counted, warned of and refused."""

from dataclasses import replace

import numpy as np
import pytest
from TACEResponseLib.cohort import AST, CLINICAL_FACTS, PORTAL_VENOUS_INVASION, ClinicalRecord
from TACEResponseLib.study import join_cohort
from TACEResponseLib.study.study_data import is_standardised


def test_rows_follow_the_cases(make_cohort):
    cases, table = make_cohort(30)
    cases = cases[::-1]
    data = join_cohort(cases, table)
    np.testing.assert_array_equal(data.features, table.values[::-1])
    assert list(data.outcome) == [case.objective_response for case in cases]
    assert data.facts.shape == (30, len(CLINICAL_FACTS))
    assert data.facts[4, 1] == cases[4].clinical.get(PORTAL_VENOUS_INVASION)


def test_patients_without_outcome_are_counted(make_cohort):
    cases, table = make_cohort(30)
    cases[3] = replace(cases[3], objective_response=None)
    data = join_cohort(cases, table)
    assert len(data.cases) == 29
    assert data.remarks[0].startswith("1 of 30 patients have no outcome")


def test_unknown_facts_are_counted(make_cohort):
    cases, table = make_cohort(30)
    cases[0] = replace(cases[0], clinical=ClinicalRecord())
    cases[1] = replace(cases[1], clinical=cases[1].clinical.replaced(AST, None))
    data = join_cohort(cases, table)
    assert data.missing_facts == {**dict.fromkeys(CLINICAL_FACTS, 1), "ast_above_40_u_l": 2}


def test_a_standardised_table_is_noticed(make_cohort):
    cases, table = make_cohort(30)
    for ddof in (0, 1):
        scaled = (table.values - table.values.mean(axis=0)) / table.values.std(axis=0, ddof=ddof)
        assert is_standardised(scaled)
        assert "standardised before" in join_cohort(cases, replace(table, values=scaled)).remarks[0]
    assert not is_standardised(table.values)
    assert join_cohort(cases, table).remarks == ()


def test_a_constant_feature_is_told(make_cohort):
    cases, table = make_cohort(30)
    remarks = join_cohort(cases, broken(table, slice(None), 3, 7.0)).remarks
    assert remarks == (f"The feature {table.names[3]} is the same in all patients and carries no information here.",)


def broken(table, row, column, value):
    values = table.values.copy()
    values[row, column] = value
    return replace(table, values=values)


def test_refusals(make_cohort):
    cases, table = make_cohort(30)
    one_class = [replace(case, objective_response=True) for case in cases]
    with pytest.raises(ValueError, match="both OR and NOR are needed"):
        join_cohort(one_class, table)
    with pytest.raises(ValueError, match="Patient P000 has several rows"):
        join_cohort([*cases, cases[0]], table)
    with pytest.raises(ValueError, match=r"Patient P002: the feature AP_firstorder_10Percentile is undefined;"):
        join_cohort(cases, broken(table, 2, table.names.index("AP_firstorder_10Percentile"), np.nan))
    with pytest.raises(ValueError, match="has no value at all"):
        join_cohort(cases, broken(table, slice(None), 3, np.nan))
    with pytest.raises(ValueError, match="no row for patient P029"):
        join_cohort(cases, replace(table, keys=table.keys[:29], values=table.values[:29]))
    with pytest.raises(ValueError, match="1 of 30 cases are phantoms"):
        join_cohort(cases, replace(table, phantoms=frozenset([cases[0].key])))


def test_the_hash_changes_with_everything_that_is_learnt_from(make_cohort):
    cases, table = make_cohort(30)
    data = join_cohort(cases, table)
    flipped = [replace(cases[0], objective_response=not cases[0].objective_response), *cases[1:]]
    others = [
        join_cohort(flipped, table),
        join_cohort(cases, broken(table, 0, 0, 1.25)),
        join_cohort([replace(cases[0], clinical=ClinicalRecord()), *cases[1:]], table),
    ]
    assert data.sha256() == join_cohort(cases, table).sha256()
    assert len({data.sha256(), *(other.sha256() for other in others)}) == 4
