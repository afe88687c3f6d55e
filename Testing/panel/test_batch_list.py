"""The batch behind the panel's table: the same results as the command, resumed, cancelled, one bad case."""

import csv
import queue
import shutil
from dataclasses import replace

import pytest
from TACEResponseLib import cli
from TACEResponseLib.batch import DONE, FAILED, SKIPPED, is_done_before
from TACEResponseLib.batch.local_workers import LocalWorkers
from TACEResponseLib.cohort import AST
from TACEResponseLib.features import read_feature_table
from TACEResponseLib.models import load_bundle
from TACEResponseLib.panel.background_task import BackgroundTask, CancelledError
from TACEResponseLib.panel.batch_list import EXTRACT, PREDICT, BatchList, BatchWork, extractJob
from TACEResponseLib.phantom import write_cohort
from TACEResponseLib.workflow import PredictJob, case_folder


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Three phantom patients; the second one's arterial mask is empty."""
    import SimpleITK as sitk

    manifest = write_cohort(tmp_path_factory.mktemp("batch") / "cohort", 3, seed=6)
    with manifest.open(encoding="utf-8", newline="") as file:
        path = manifest.parent / list(csv.DictReader(file))[1]["AP_mask"]
    mask = sitk.ReadImage(str(path))
    sitk.WriteImage(sitk.Cast(mask * 0, sitk.sitkUInt8), str(path))
    return manifest


@pytest.fixture
def make_work(manifest, bundle_folder):
    """A list and the work of its cases."""

    def make(out, what=PREDICT, resume=True):
        batch = BatchList()
        batch.load(manifest, what)
        job = PredictJob(bundle_folder, load_bundle(bundle_folder).sha256, "native", out)
        job = job if what == PREDICT else extractJob("native")
        return batch, BatchWork(what, batch.cases, job, out, LocalWorkers(2), resume, queue.SimpleQueue())

    return make


def taken(batch, work):
    """Hand the outcomes to the list, as the panel's timer does."""
    while not work.outcomes.empty():
        batch.take(*work.outcomes.get())
    return [row.status for row in batch.rows]


def ignore(*_progress):
    pass


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_makes_what_the_command_makes_and_one_bad_case_costs_itself(make_work, manifest, bundle_folder, tmp_path):
    batch, work = make_work(tmp_path / "panel")
    assert [row.cells()[1] for row in batch.rows] == ["waiting"] * 3
    task = BackgroundTask(work)
    task.start()
    while not (news := task.poll(60.0)) or news[-1].kind == "progress":
        pass
    assert news[-1].kind == "done", news
    assert taken(batch, work) == [DONE, FAILED, DONE]
    assert "2 done, 0 done before, 1 failed, 0 waiting." in batch.words()
    assert cli.main(["predict", str(manifest), "--model", str(bundle_folder), "--out", str(tmp_path / "command")]) == 3
    assert table(news[-1].result) == table(tmp_path / "command" / "predictions.csv")
    rows = {row["patient_id"]: row for row in table(news[-1].result)}
    for row in batch.rows:
        patient, _state, estimate, seconds, note = row.cells()
        written = rows.pop(patient)
        if row.status == FAILED:
            assert "AP" in note
            assert not estimate
        else:
            assert estimate.startswith(f"{100 * float(written['probability']):.0f} (")
            assert seconds.endswith(" s")
    assert not rows
    assert (tmp_path / "panel" / "run.json").is_file()


def test_a_patient_of_whom_no_drawing_can_be_told_does_not_stop_the_others(manifest, bundle_folder, tmp_path):
    rows = table(manifest)
    for row, reader in zip(rows, ("1", "1", "2"), strict=True):
        row["reader"] = reader
    other = manifest.with_name("readers.csv")
    with other.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    batch, out = BatchList(), tmp_path / "panel"
    batch.load(other, PREDICT)
    job = PredictJob(bundle_folder, load_bundle(bundle_folder).sha256, "native", out)
    work = BatchWork(PREDICT, batch.cases, job, out, LocalWorkers(1), True, queue.SimpleQueue(), batch.refused)
    assert work(ignore) == out / "predictions.csv"
    assert taken(batch, work) == [DONE, FAILED, FAILED]
    assert "reader 1" in batch.rows[2].text
    assert cli.main(["predict", str(other), "--model", str(bundle_folder), "--out", str(tmp_path / "command")]) == 3
    assert table(out / "predictions.csv") == table(tmp_path / "command" / "predictions.csv")


def test_a_cancelled_batch_goes_on_where_it_stopped(make_work, tmp_path):
    batch, work = make_work(tmp_path)

    def cancel_after_the_first(done, *_rest):
        if done:
            raise CancelledError

    with pytest.raises(CancelledError):
        work(cancel_after_the_first)
    first = taken(batch, work)
    assert first.count("") >= 1
    again, work = make_work(tmp_path)
    work(ignore)
    ended = taken(again, work)
    assert [status == SKIPPED for status in ended] == [before == DONE for before in first]
    assert FAILED in ended
    assert "" not in ended


def test_a_result_counts_as_the_cases_own_only_while_nothing_has_changed(make_work, tmp_path):
    _batch, work = make_work(tmp_path)
    work(ignore)
    case = work.cases[0]

    def is_done(case):
        return is_done_before(case, work.job, work.job.batch_folder, case_folder(tmp_path, case.key).name)

    assert is_done(case)
    assert not is_done(work.cases[1])
    assert not is_done(replace(case, clinical=case.clinical.replaced(AST, case.clinical.get(AST) + 1)))
    shutil.rmtree(case_folder(tmp_path, case.key))
    assert not is_done(case)


def test_features_are_those_of_the_command(make_work, manifest, tmp_path):
    batch, work = make_work(tmp_path / "panel", EXTRACT)
    path = work(ignore)
    assert taken(batch, work) == [DONE, FAILED, DONE]
    assert cli.main(["extract", str(manifest), "--out", str(tmp_path / "features.csv")]) == 3
    ours, theirs = read_feature_table(path), read_feature_table(tmp_path / "features.csv")
    assert ours.keys == theirs.keys
    assert ours.values.tobytes() == theirs.values.tobytes()


def test_no_table_is_written_if_nothing_could_be_done(make_work, tmp_path):
    _batch, work = make_work(tmp_path, EXTRACT)
    alone = replace(work, cases=work.cases[1:2])
    with pytest.raises(ValueError, match="None of the cases"):
        alone(ignore)
    assert not (tmp_path / "features.csv").exists()


def test_a_manifest_with_faults_is_refused_with_all_of_them(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_text("patient_id,afp_ng_ml\nA,-1\nB,x\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"(?s)row 2.*row 3"):
        BatchList().load(path, PREDICT)


def test_workers_that_never_answer_leave_the_cases_to_this_process(make_work, tmp_path):
    """The launcher of a Slicer may swallow the start of a process: its silence is shown, and the batch is done here."""
    batch, work = make_work(tmp_path)
    told = []
    silent = replace(work, workers=LocalWorkers(2, first_answer_s=0.0))
    assert silent(lambda done, total, text: told.append(text)).is_file()
    [reason] = [text for text in told if "No worker process can start" in text]
    assert "no answer within 0 s" in reason
    assert reason.endswith("the cases run one after the other in this process.")
    statuses = taken(batch, silent)
    assert statuses.count(DONE) >= 1
    assert "" not in statuses
