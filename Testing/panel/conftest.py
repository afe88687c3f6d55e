"""Inputs as the panel's view makes them from nodes, without Slicer."""

from dataclasses import replace

import pytest
from TACEResponseLib.cohort import CLINICAL_FACTS, SEQUENCES, CaseKey
from TACEResponseLib.panel.inputs import ModelInput, PanelInputs, VoiInput, VolumeInput
from TACEResponseLib.scene.clinical_entry import ClinicalEntry
from TACEResponseLib.scene.roles import CHECKLIST


@pytest.fixture(scope="session")
def complete_inputs():
    """Make inputs with which a prediction is possible; ``changes`` replace fields."""
    names = [str(sequence) for sequence in SEQUENCES]

    def make(patient="Abc", prefix="a", **changes):
        inputs = PanelInputs(
            model=ModelInput("formula-cd", "ab" * 32, tuple(names), CLINICAL_FACTS),
            patientId=patient or "typed",
            checklist=frozenset(CHECKLIST),
            volumes={
                name: VolumeInput(f"{prefix}-{name}", f"voxels of {prefix} {name}", patientId=patient) for name in names
            },
            vois={name: VoiInput(f"{prefix}-voi-{name}", f"mask of {prefix} {name}", 12.5, 31.0) for name in names},
            clinical=ClinicalEntry(childPugh="B7", portalVenousInvasion="no", afp="12", ast="55"),
        )
        return replace(inputs, **changes)

    return make


@pytest.fixture(scope="session")
def some_prediction(make_formula_bundle):
    """A prediction with unknown facts and no images is enough where only its identity matters."""
    from TACEResponseLib.cohort import ClinicalRecord
    from TACEResponseLib.models import published_clinical_bundle
    from TACEResponseLib.prediction import predict_from_features

    bundle = published_clinical_bundle(refit_count=100)
    return predict_from_features(
        CaseKey("Abc"),
        None,
        ClinicalRecord.from_cells(child_pugh="B7", portal_venous_invasion="no", afp_ng_ml="12", ast_u_l="55"),
        bundle,
    )
