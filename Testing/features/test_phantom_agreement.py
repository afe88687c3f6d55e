"""The native engine against PyRadiomics on phantoms: both field strengths, small and large, smooth and rough."""

import pytest
from TACEResponseLib.cohort import ArraySource, CaseKey
from TACEResponseLib.imaging import read_voi
from TACEResponseLib.phantom import make_patient


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("sequence", ["T2", "PVP"])
def test_engines_agree_on_phantoms(assert_engines_agree, index, sequence):
    patient = make_patient(11, index)
    source = ArraySource(
        patient.image(sequence),
        patient.mask(sequence),
        patient.grid(sequence).spacing_mm,
        patient.origin_mm(sequence),
        patient.direction,
    )
    assert_engines_agree(read_voi(CaseKey(patient.truth.patient_id), sequence, source))
