"""A newcomer adds a clinical fact by one new file and one entry, and everything else follows."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import TACEResponseLib

NEW_FILE = '''"""Ferritin."""

from .measured import measured

FERRITIN = measured(
    "ferritin_ug_l",
    "ferritin",
    "ug/L",
    least=1.0,
    most=50000.0,
    units={"ug/L": 1.0, "mg/L": 1000.0},
    aliases=("ferritin",),
    above=("ferritin_above_300_ug_l", 300.0),
)
'''

ENTRY = "FACTS: tuple[Fact[Any], ...] = (\n"

SCRIPT = """
import csv

from pathlib import Path

import numpy as np
from TACEResponseLib.cohort import ManifestError, read_manifest, write_manifest
from TACEResponseLib.cohort.facts.ferritin import FERRITIN
from TACEResponseLib.models import load_bundle, save_bundle
from TACEResponseLib.panel.inputs import ModelInput
from TACEResponseLib.prediction import predict_from_features
from TACEResponseLib.reporting.patient_sections import clinical_section
from TACEResponseLib.scene.clinical_entry import MORE_FACTS, ClinicalEntry
from TACEResponseLib.study import TrainingSettings, join_cohort, train_bundle

random = np.random.default_rng(1)
outcome = random.random(80) < 0.5
above = random.random(80) < np.where(outcome, 0.2, 0.8)
with open("manifest.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["patient_id", "response", "ast_u_l", "ferritin_ug_l"])
    for number in range(80):
        ast = "55" if random.random() < 0.5 else "30"
        ferritin = "" if number == 0 else ">300" if above[number] else "120.5"
        writer.writerow([f"P{number}", "OR" if outcome[number] else "NOR", ast, ferritin])
cases = read_manifest(Path("manifest.csv"))
assert {case.clinical.get(FERRITIN) for case in cases} > {None, 120.5}
write_manifest(Path("again.csv"), cases)
assert [case.clinical for case in read_manifest(Path("again.csv"))] == [case.clinical for case in cases]

bundle = train_bundle(join_cohort(cases, None), "toy", "clinical", TrainingSettings(refits=100))
bundle = save_bundle(bundle, Path("toy"))
assert load_bundle(Path("toy")).required_facts == ("ast_above_40_u_l", "ferritin_above_300_ug_l")
assert "ferritin above 300 ug/L" in bundle.card
records = [cases[1].clinical.replaced(FERRITIN, value) for value in (900.0, 20.0)]
high, low = (predict_from_features(cases[1].key, None, record, bundle) for record in records)
assert high.probability < low.probability - 0.2
unknown = predict_from_features(cases[0].key, None, cases[0].clinical, bundle)
assert unknown.unknown_facts == ("ferritin_above_300_ug_l",)
assert unknown.probability is None
assert "Unknown: ferritin." in unknown.sentence
assert unknown.probability_range[1] - unknown.probability_range[0] > 0.2
html = clinical_section(records[0], bundle)
assert "900 ug/L" in html and "&gt; 300 ug/L" in html

entry = ClinicalEntry(childPugh="A5", portalVenousInvasion="no", afp="12", ast="30")
assert FERRITIN in MORE_FACTS
assert entry.withMore("ferritin_ug_l", "900").record().get(FERRITIN) == 900
assert "Ferritin: '0.3' ug/L is too low" in entry.withMore("ferritin_ug_l", "0.3").problems()["ferritin_ug_l"]
assert ModelInput("toy", "ab" * 32, (), bundle.required_facts).requiredFields == ("ast",)

Path("wrong.csv").write_text("patient_id,ferritin_ug_l\\nP1,0.3\\n")
try:
    read_manifest(Path("wrong.csv"))
except ManifestError as error:
    assert "row 2, column ferritin_ug_l: '0.3' ug/L is too low for a patient's ferritin: is it in mg/L?" in str(error)
else:
    raise AssertionError("0.3 ug/L was read")
Path("wrong.csv").write_text("patient_id,Ferritin\\nP1,300\\n")
try:
    read_manifest(Path("wrong.csv"))
except ManifestError as error:
    assert "if ferritin_ug_l is meant" in str(error)
else:
    raise AssertionError("a column that nobody reads was passed over")
"""


def test_one_file_and_one_entry_make_a_fact(tmp_path):
    package = tmp_path / "TACEResponseLib"
    shutil.copytree(Path(TACEResponseLib.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    facts = package / "cohort" / "facts"
    (facts / "ferritin.py").write_text(NEW_FILE, encoding="utf-8")
    text = (facts / "__init__.py").read_text(encoding="utf-8")
    assert ENTRY in text
    text = text.replace(ENTRY, f"from .ferritin import FERRITIN\n\n{ENTRY}")
    start, end = text.split(ENTRY)
    (facts / "__init__.py").write_text(start + ENTRY + end.replace(")\n", "    FERRITIN,\n)\n", 1), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-W", "error:::TACEResponseLib", "-c", SCRIPT]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
