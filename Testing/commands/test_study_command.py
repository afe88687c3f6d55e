"""``tace-response study``, ``evaluate`` and ``train`` on files: what is written, resumed, told and refused."""

import csv
import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from TACEResponseLib.cohort import Case, CaseKey, ClinicalRecord, write_manifest
from TACEResponseLib.features import PAPER_SETTINGS, FeatureVector, get_feature_set, write_feature_table
from TACEResponseLib.phantom import simulate_cohort

CHEAP = ("--quick", "--scores", "svm", "lasso")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Manifest and features of 60 simulated patients, 15 of them external, with a diameter and two readers."""
    folder = tmp_path_factory.mktemp("cohort")
    random = np.random.default_rng(3)
    names = get_feature_set("default107").column_names(("AP",))
    drawn = simulate_cohort(60, random, len(names))
    keys = tuple(CaseKey(f"P{number:03d}") for number in range(60))
    cases = []
    for number, (key, facts, outcome) in enumerate(zip(keys, drawn.facts, drawn.outcome, strict=True)):
        child_pugh, invasion, afp, ast = (bool(fact) for fact in facts)
        other = outcome if number % 4 else not outcome
        cases.append(
            Case(
                key,
                clinical=ClinicalRecord.from_cells(
                    child_pugh="B" if child_pugh else "A",
                    portal_venous_invasion="yes" if invasion else "no",
                    afp_ng_ml=">400" if afp else "<400",
                    ast_u_l="55" if ast else "30",
                ),
                objective_response=bool(outcome),
                mrecist={"1": "PR" if outcome else "SD", "2": "PR" if other else "PD"},
                columns={
                    "set": "external" if number >= 45 else "development",
                    "lesion_diameter_mm": str(20 + number),
                    "age_years": str(40 + number % 30),
                },
            )
        )
    write_manifest(folder / "manifest.csv", cases)
    vectors = [
        FeatureVector(key, names, values, PAPER_SETTINGS, "default107", "native 1")
        for key, values in zip(keys, 100 + 20 * drawn.features, strict=True)
    ]
    write_feature_table(folder / "features.csv", vectors)
    return folder


def changed(cohort, folder, change):
    """Copy of the manifest after ``change(rows)``."""
    with (cohort / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows = change(rows) or rows
    path = folder / "changed.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def studied(cohort, tmp_path_factory):
    """A study's folder."""
    import io

    from TACEResponseLib.cli import main
    from TACEResponseLib.commands.terminal import Terminal

    out = tmp_path_factory.mktemp("study") / "out"
    arguments = ["study", cohort / "manifest.csv", "--features", cohort / "features.csv", *CHEAP, "--out", out]
    assert main([str(one) for one in arguments], Terminal(io.StringIO(), io.StringIO())) == 0
    return out


def test_a_study_writes_the_whole_report(studied):
    numbers = json.loads((studied / "results.json").read_text(encoding="utf-8"))
    assert set(numbers["honest"]) == {"SVM", "Lasso", "Clinical", "CL", "Size only"}
    assert numbers["cohort"]["external"] == 15
    assert set(numbers["external"]) == set(numbers["honest"])
    assert {row["model"] for row in numbers["leak_audit"]} == {"SVM", "Lasso", "Clinical", "CL"}
    assert numbers["readers"]["pairs"][0]["patients"] == 45
    assert numbers["selected_features"]["svm"][0]["share_of_training_parts"] <= 1
    page = (studied / "report.html").read_text(encoding="utf-8")
    for title in ("QUICK", "In short", "Optimism: both", "Table 1", "Multivariate odds ratio", "TRIPOD", "Settings"):
        assert title in page
    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://purl", "").replace("http://creat", "")
    assert "version of numpy" in page
    for name in (
        "fig1_patients",
        "fig2_scores",
        "fig3_bars",
        "fig4_roc",
        "fig5_calibration",
        "fig6_decision",
        "leak_audit",
        "paper_fig2_scores",
        "paper_fig4_roc",
        "paper_fig5_calibration",
        "paper_fig6_decision",
    ):
        assert (studied / "figures" / f"{name}.svg").stat().st_size > 1000
        assert (studied / "figures" / f"{name}.png").stat().st_size > 1000
    with (studied / "tables" / "honest.csv").open(encoding="utf-8") as file:
        shown = {row["Model"]: row["AUC (95 %)"] for row in csv.DictReader(file)}
    assert shown["SVM"].startswith(f"{numbers['honest']['SVM']['auc']:.3f}")
    run = json.loads((studied / "run.json").read_text(encoding="utf-8"))
    assert run["patients"] == 60


def test_a_killed_study_goes_on_and_gives_the_same_bytes(cohort, studied, tmp_path):
    out = tmp_path / "out"
    arguments = [sys.executable, "-m", "TACEResponseLib.cli", "study", cohort / "manifest.csv"]
    arguments += ["--features", cohort / "features.csv", *CHEAP, "--out", out]
    arguments = [str(one) for one in arguments]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list((out / "work").glob("*.json")) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = {path: path.stat().st_mtime_ns for path in (out / "work").glob("*.json")}
    assert kept
    assert not (out / "report.html").exists()
    subprocess.run(arguments, check=True, capture_output=True)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert (out / "results.json").read_bytes() == (studied / "results.json").read_bytes()
    assert (out / "report.html").read_bytes() == (studied / "report.html").read_bytes()


def test_every_key_of_the_results_is_documented(studied, repository):
    numbers = json.loads((studied / "results.json").read_text(encoding="utf-8"))
    documented = (repository / "Docs" / "study.md").read_text(encoding="utf-8")
    model = next(iter(numbers["honest"].values()))
    keys = [*numbers, *numbers["leak_audit"][0], *(key for key in model if not key.startswith("calibration_"))]
    missing = [key for key in keys if f"`{key.removesuffix('_interval')}`" not in documented]
    assert not missing


def test_another_seed_gives_other_numbers(cohort, studied, run, tmp_path):
    code, _, _ = run(
        "study", cohort / "manifest.csv", "--features", cohort / "features.csv", *CHEAP, "--protocol", "nested-cv",
        "--seed", 2, "--out", tmp_path / "out",
    )  # fmt: skip
    assert code == 0
    one, other = (json.loads((folder / "results.json").read_text()) for folder in (studied, tmp_path / "out"))
    assert one["honest"]["SVM"]["auc"] != other["honest"]["SVM"]["auc"]
    assert one["cohort"]["sha256"] == other["cohort"]["sha256"]


def duplicate(rows):
    """The first row twice."""
    return [rows[0], *rows]


def one_class(rows):
    """Nobody responds."""
    for row in rows:
        row.update(response="NOR", mrecist_1="SD", mrecist_2="SD")


def two_sets(rows):
    """The first patient has a second lesion that is external."""
    return [*rows, {**rows[0], "lesion": "2", "set": "external", "lesion_diameter_mm": "5"}]


def strange_label(rows):
    """An outcome that is none."""
    rows[0]["response"] = "maybe"


def few(rows):
    """Six patients."""
    return rows[:6]


def too_few_for_folds_within_folds(rows):
    """Six responders: enough for five outer folds, but four or five of them are left for five inner ones."""
    responders = [row for row in rows if row["response"] == "OR" and row["set"] != "external"]
    return [row for row in rows if row not in responders[6:]]


def nothing_to_learn_from(rows):
    """No facts, no diameter, and the study gets no features."""
    for row in rows:
        row.update(child_pugh="A", portal_venous_invasion="no", afp_ng_ml="", ast_u_l="", lesion_diameter_mm="")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (duplicate, "P000"),
        (one_class, "both OR and NOR are needed"),
        (two_sets, "P000 has rows of the sets development and external"),
        (strange_label, "maybe"),
        (few, "folds"),
        (too_few_for_folds_within_folds, "need at least 7 patients of each outcome"),
    ],
)
def test_bad_cohorts_are_refused_in_a_sentence(cohort, run, tmp_path, change, words):
    path = changed(cohort, tmp_path, change)
    out = tmp_path / "out"
    code, _, errors = run("study", path, "--features", cohort / "features.csv", *CHEAP, "--out", out)
    assert code == 1
    assert words in errors
    assert "Traceback" not in errors
    assert not (out / "results.json").exists()


def test_without_features_and_facts_there_is_nothing_to_learn_from(cohort, run, tmp_path):
    code, _, errors = run("study", changed(cohort, tmp_path, nothing_to_learn_from), "--out", tmp_path / "out")
    assert code == 1
    assert "nothing to learn from" in errors
    assert not (tmp_path / "out").exists()


def test_a_file_where_the_results_should_go_is_refused_first(cohort, run, tmp_path):
    (tmp_path / "out").write_text("mine")
    for command in (["study"], ["evaluate", "--model", "published-clinical"]):
        code, _, errors = run(command[0], cohort / "manifest.csv", *command[1:], "--out", tmp_path / "out" / "below")
        assert code == 1
        assert "is a file, not a folder" in errors
    assert (tmp_path / "out").read_text() == "mine"


def test_external_patients_of_one_outcome_are_told_and_stop_nothing(cohort, run, tmp_path):
    def only_or(rows):
        return [row for row in rows if row["set"] != "external" or row["response"] == "OR"]

    out = tmp_path / "out"
    code, _, errors = run("study", changed(cohort, tmp_path, only_or), "--quick", "--out", out)
    assert code == 0, errors
    numbers = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert any("external patients have the same outcome" in remark for remark in numbers["remarks"])
    assert numbers["external"] == {}
    assert set(numbers["paper"]["Clinical"]) <= {"train", "test"}


def test_the_published_protocol_alone_has_its_own_figures_and_comparisons(cohort, run, tmp_path):
    from TACEResponseLib.evaluation import holm

    out = tmp_path / "out"
    code, _, errors = run(
        "study", cohort / "manifest.csv", "--features", cohort / "features.csv", *CHEAP, "--protocol", "published",
        "--out", out,
    )  # fmt: skip
    assert code == 0, errors
    figures = {path.name for path in (out / "figures").glob("*.png")}
    assert figures == {f"{name}.png" for name in (
        "fig1_patients", "paper_fig2_scores", "paper_fig4_roc", "paper_fig5_calibration", "paper_fig6_decision"
    )}  # fmt: skip
    numbers = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert "honest" not in numbers
    sets = numbers["paper_sets"]
    assert sets["train"]["patients"] + sets["test"]["patients"] == 45
    rows = numbers["paper_comparisons"]["external"]
    areas = {title: one["external"]["auc"] for title, one in numbers["paper"].items()}
    for row in rows:
        assert row["difference"] == pytest.approx(areas[row["first"]] - areas[row["second"]], abs=1e-9)
    assert [row["p_holm"] for row in rows] == pytest.approx(holm([row["p"] for row in rows]), abs=1e-9)


def test_old_names_of_protocols_give_the_same_bytes(cohort, run, tmp_path):
    command = ("study", cohort / "manifest.csv", "--quick", "--protocol")
    for old, new in (("paper", "published"), ("honest", "nested-cv")):
        for name in (old, new):
            assert run(*command, name, "--out", tmp_path / name)[0] == 0
        files = [(tmp_path / name / "results.json").read_bytes() for name in (old, new)]
        assert files[0] == files[1]
        assert json.loads(files[0])["settings"]["protocol"] == new


def test_a_checkpoint_that_cannot_be_read_is_refused(cohort, run, tmp_path):
    arguments = ["study", cohort / "manifest.csv", "--features", cohort / "features.csv", "--quick", "--scores", "svm",
                 "--protocol", "nested-cv", "--out", tmp_path]  # fmt: skip
    assert run(*arguments)[0] == 0
    checkpoint = next((tmp_path / "work").glob("*.json"))
    checkpoint.write_text('[{"test": [1.0]}]', encoding="utf-8")
    code, _, errors = run(*arguments)
    assert code == 1
    assert f"The checkpoint {checkpoint.name} of an interrupted study cannot be read; delete it" in errors


def test_another_external_set_is_not_resumed_from_the_first(cohort, run, tmp_path):
    """The same patients and features, other rows external: checkpoints of the first set must not be taken."""

    def moved(rows):
        for number, row in enumerate(rows):
            row["set"] = "external" if number < 15 else "development"

    arguments = ["--features", cohort / "features.csv", "--quick", "--scores", "svm", "--protocol", "nested-cv"]
    path = changed(cohort, tmp_path, moved)
    assert run("study", cohort / "manifest.csv", *arguments, "--out", tmp_path / "one")[0] == 0
    assert run("study", path, *arguments, "--out", tmp_path / "one")[0] == 0
    assert run("study", path, *arguments, "--out", tmp_path / "two")[0] == 0
    assert (tmp_path / "one" / "results.json").read_bytes() == (tmp_path / "two" / "results.json").read_bytes()


def test_a_separating_fact_is_penalised_and_said(cohort, run, tmp_path):
    def separate(rows):
        for row in rows:
            row["child_pugh"] = "A" if row["mrecist_1"] == "PR" else "B"

    path = changed(cohort, tmp_path, separate)
    out = tmp_path / "out"
    code, _, _ = run("study", path, "--quick", "--protocol", "nested-cv", "--out", out)
    assert code == 0
    numbers = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert any("penal" in row["note"] for row in numbers["multivariate"])
    assert numbers["honest"]["Clinical"]["penalised_parts"] > 0


def test_evaluate_judges_and_recalibrates(cohort, run, tmp_path):
    code, said, errors = run(
        "evaluate", cohort / "manifest.csv", "--model", "published-clinical", "--set", "development", "--out",
        tmp_path / "out", "--recalibrate", tmp_path / "ours",
    )  # fmt: skip
    assert code == 0, errors
    numbers = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert f"AUC {numbers['auc']:.3f}" in said
    assert numbers["patients"] == 45
    with (tmp_path / "out" / "predictions.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 45
    code, said, errors = run(
        "evaluate", cohort / "manifest.csv", "--model", tmp_path / "ours", "--set", "external", "--out", tmp_path / "2"
    )
    assert code == 0, errors
    assert "ours on 15 patients" in said


def test_evaluate_refuses_before_it_writes(cohort, run, tmp_path):
    code, _, errors = run("evaluate", cohort / "manifest.csv", "--model", "phantom-cd", "--out", tmp_path / "out")
    assert code == 1
    assert "needs features" in errors
    code, _, errors = run(
        "evaluate", cohort / "manifest.csv", "--model", "phantom-cd", "--features", cohort / "features.csv", "--out",
        tmp_path / "out",
    )  # fmt: skip
    assert code == 1
    assert "the model phantom-cd needs the set paper110" in errors
    (tmp_path / "there").mkdir()
    code, _, errors = run(
        "evaluate", cohort / "manifest.csv", "--model", "published-clinical", "--out", tmp_path / "out",
        "--recalibrate", tmp_path / "there",
    )  # fmt: skip
    assert code == 1
    assert "already exists" in errors
    assert not (tmp_path / "out").exists()


def stable_list(path, features, patients):
    """A list as ``icc`` writes it, of real patients."""
    from TACEResponseLib.repeatability import write_stable_features

    write_stable_features(path, features, [CaseKey(patient) for patient in patients], "ICC(2,1) > 0.75")
    return path


def test_a_study_refuses_a_list_of_its_own_patients_and_takes_their_drawings(cohort, run, tmp_path):
    names = get_feature_set("default107").column_names(("AP",))
    common = ("study", cohort / "manifest.csv", "--features", cohort / "features.csv", *CHEAP)
    own = stable_list(tmp_path / "own.json", names[:30], ["P001", "P050"])
    code, _, complained = run(*common, "--features-from", own, "--out", tmp_path / "a")
    assert code == 1
    assert "estimated on patients who are in a test set here, such as P001 (2 in all)" in complained
    assert "study --repeats" in complained
    other = stable_list(tmp_path / "other.json", names[:30], ["Q001"])
    code, _, complained = run(
        *common, "--protocol", "nested-cv", "--scores", "svm", "--features-from", other, "--out", tmp_path / "b"
    )
    assert code == 0
    assert "30 of 107 features are used" in complained
    code, _, complained = run(*common, "--repeats", cohort / "features.csv", "--out", tmp_path / "c")
    assert code == 1
    assert "were drawn once, by reader 1" in complained


def test_training_refuses_a_list_of_the_external_patients(cohort, run, tmp_path):
    names = get_feature_set("default107").column_names(("AP",))
    common = ("train", cohort / "manifest.csv", "--features", cohort / "features.csv", "--kind", "svm")
    external = stable_list(tmp_path / "external.json", names[:30], ["P050"])
    code, _, complained = run(
        *common, "--set", "development", "--features-from", external, "--out", tmp_path / "refused"
    )
    assert code == 1
    assert "estimated on patients who are in a test set here, such as P050 (1 in all)" in complained
    development = stable_list(tmp_path / "development.json", names[:30], ["P001"])
    code, _, complained = run(
        *common, "--set", "development", "--features-from", development, "--out", tmp_path / "stable-svm"
    )
    assert code == 0
    assert "1 of them training patients here" in complained
    card = (tmp_path / "stable-svm" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "The cross-validation did not repeat this choice" in card
    assert "--features-from development.json" in card
