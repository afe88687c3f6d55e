"""House rule 2: predicting and reporting one patient imports none of the training libraries."""

import subprocess
import sys

from TACEResponseLib.models import save_bundle

_SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from TACEResponseLib.cohort import ArraySource, Case, CaseKey, ClinicalRecord
from TACEResponseLib.imaging import read_case_images
from TACEResponseLib.models import load_bundle
from TACEResponseLib.prediction import write_prediction, write_predictions_table
from TACEResponseLib.workflow import predict_case
from TACEResponseLib.reporting import write_patient_report

folder = Path(sys.argv[1])
bundle = load_bundle(folder / "bundle")
random = np.random.default_rng(0)
mask = np.zeros((12, 24, 24), bool)
mask[3:9, 8:16, 7:17] = True
sources = {s: ArraySource(random.integers(100, 600, mask.shape), mask, (1.5, 1.5, 3.0)) for s in ("T2", "AP")}
facts = {"child_pugh": "A5", "portal_venous_invasion": "no", "afp_ng_ml": "12", "ast_u_l": "30"}
case = Case(CaseKey("P1"), sources, ClinicalRecord.from_cells(**facts))
images = read_case_images(case, bundle.required_sequences)
prediction = predict_case(case, bundle, images=images).prediction
write_prediction(folder / "prediction.json", prediction)
write_predictions_table(folder / "predictions.csv", [prediction])
write_patient_report(folder / "report.html", prediction, bundle, images, case.clinical)
heavy = {"torch", "pandas", "sklearn", "matplotlib", "radiomics", "statsmodels", "pydicom", "PIL"}
loaded = sorted(heavy & {name.partition(".")[0] for name in sys.modules})
sys.exit(f"loaded: {loaded}" if loaded else 0)
"""


def test_predicting_and_reporting_a_patient_is_light(make_formula_bundle, tmp_path):
    save_bundle(make_formula_bundle(), tmp_path / "bundle")
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert (tmp_path / "prediction.json").exists()
