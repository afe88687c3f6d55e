"""No patient can be called as a file or folder that stands beside the cases' folders."""

import pytest
from TACEResponseLib.batch import InProcess
from TACEResponseLib.cohort import check_identifier, read_manifest, select_cases
from TACEResponseLib.models import load_bundle
from TACEResponseLib.workflow import (
    FEATURES_FILE,
    CohortRun,
    ExtractJob,
    PredictJob,
    case_folder,
    extract_cohort,
    predict_cohort,
)


def test_what_stands_beside_the_cases_is_reserved(manifest, bundle_folder, tmp_path):
    cases = select_cases(read_manifest(manifest))
    run = CohortRun(lambda *_: None, lambda _: None, InProcess())
    predict_cohort(cases, PredictJob(bundle_folder, load_bundle(bundle_folder).sha256, "native", tmp_path), run)
    extract_cohort(cases, ExtractJob(("AP",), "default107", "native"), tmp_path / FEATURES_FILE, run)
    beside = {path.name for path in tmp_path.iterdir()} - {case_folder(tmp_path, case.key).name for case in cases}
    assert {"batch", "run.json", "predictions.csv", "features.csv"} <= beside
    for name in beside:
        for written in (name, name.upper()):
            with pytest.raises(ValueError, match="names a file or folder of the results"):
                check_identifier(written)
