"""A whole case: read, checked, resampled; refused with patient and sequence."""

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from TACEResponseLib.cohort import SEQUENCES, AcquisitionTags, Case, FileSource
from TACEResponseLib.imaging import read_case_images, read_voi, resample


@pytest.fixture
def case(key, make_source):
    """Four sequences as arrays."""
    radii = {"T2": (14, 13, 12), "AP": (14, 13, 11), "PVP": (13, 13, 12), "DP": (14, 12, 12)}
    sources = {name: make_source(seed=seed, radius_mm=radius) for seed, (name, radius) in enumerate(radii.items())}
    return Case(key, sources)


def _changed(case, sequence, **changes):
    return replace(case, sources={**case.sources, sequence: replace(case.sources[sequence], **changes)})


def test_each_sequence_is_read_and_resampled(case, assert_same_voi):
    images = read_case_images(case, SEQUENCES)
    assert images.key == case.key
    assert list(images.vois) == list(images.resampled) == ["T2", "AP", "PVP", "DP"]
    assert images.warnings == ()
    for sequence, source in case.sources.items():
        voi = read_voi(case.key, sequence, source)
        assert images.vois[sequence].sequence == sequence
        assert_same_voi(images.vois[sequence], voi)
        expected = resample(voi)
        np.testing.assert_array_equal(images.resampled[sequence].voxels, expected.voxels)
        np.testing.assert_array_equal(images.resampled[sequence].mask, expected.mask)


def test_only_the_required_sequences_are_read(case):
    broken = _changed(case, "T2", voxels=np.zeros(3))
    assert list(read_case_images(broken, ("PVP", "AP")).vois) == ["PVP", "AP"]


def test_a_missing_sequence_is_refused_by_name(case):
    without = replace(case, sources={name: source for name, source in case.sources.items() if name != "PVP"})
    with pytest.raises(ValueError, match=r"^Patient HCC_07b: no image and mask for PVP; give all of T2, AP, PVP, DP\."):
        read_case_images(without, SEQUENCES)


def test_the_first_refused_sequence_is_told(case):
    broken = _changed(case, "DP", mask=np.zeros_like(case.sources["DP"].mask))
    broken = _changed(broken, "AP", voxels=np.full_like(case.sources["AP"].voxels, 7))
    for _ in range(3):
        with pytest.raises(ValueError, match=r"^Patient HCC_07b, AP: .*only one grey level"):
            read_case_images(broken, SEQUENCES)


def test_faults_found_while_resampling_name_patient_and_sequence(case):
    speck = np.zeros_like(case.sources["AP"].mask)
    speck[10:12, 10:12, 10:12] = True
    broken = _changed(case, "AP", mask=speck, spacing_mm=(0.2, 0.2, 0.2))
    with pytest.raises(ValueError, match=r"^Patient HCC_07b, AP: .*too small"):
        read_case_images(broken, ("AP",))


def test_warnings_come_by_sequence_then_between_sequences(case):
    border = np.roll(case.sources["AP"].mask, -6, 0)
    images = read_case_images(
        _changed(_changed(case, "AP", mask=border), "DP", voxels=case.sources["T2"].voxels), SEQUENCES
    )
    found = [(warning.code, warning.sequence) for warning in images.warnings]
    assert found == [("touches_border", "AP"), ("same_image", None), ("centres_apart", None)]


def test_spacing_and_bin_width_are_those_asked_for(case):
    images = read_case_images(case, ("AP",), spacing_mm=(2.0, 2.0, 2.0), bin_width=1.0)
    assert images.resampled["AP"].spacing_mm == (2.0, 2.0, 2.0)
    assert [warning.code for warning in images.warnings] == ["bins_outside_8_128"]


def test_a_study_after_the_tace_is_refused(case):
    dated = case
    for name in case.sources:
        dated = _changed(dated, name, tags=AcquisitionTags(study_date="20210304"))
    with pytest.raises(ValueError, match=r"^Patient HCC_07b: T2 was acquired on \u20682021-03-04\u2069, after"):
        read_case_images(dated, SEQUENCES, study_before=date(2021, 3, 1))


def test_progress_is_told_in_the_callers_thread(case):
    heard = []
    read_case_images(case, SEQUENCES, progress=lambda *told: heard.append((*told, threading.current_thread())))
    assert [(done, total) for done, total, *_ in heard] == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert {thread for *_, thread in heard} == {threading.current_thread()}
    assert all("HCC_07b" in text for _, _, text, _ in heard)


def test_what_progress_raises_cancels(case):
    class Cancelled(Exception):
        pass

    def cancel(done, total, text):
        if done == 1:
            raise Cancelled

    before = threading.active_count()
    with pytest.raises(Cancelled):
        read_case_images(case, SEQUENCES, progress=cancel)
    assert threading.active_count() == before


def test_a_real_mr_given_as_all_four_sequences_passes_with_the_right_warnings(key, brain1):
    images = read_case_images(Case(key, dict.fromkeys(SEQUENCES, FileSource(*brain1, 1))), SEQUENCES)
    found = [(warning.code, warning.sequence) for warning in images.warnings]
    assert found == [
        *(("several_components", str(sequence)) for sequence in SEQUENCES),
        ("same_image", None),
        ("identical_masks", None),
    ]
    assert "(T2, AP, PVP, DP)" in images.warnings[-2].text


def test_reading_a_case_imports_only_what_slicer_bundles(tmp_path, write_image, make_source):
    source = make_source()
    write_image(tmp_path / "image.nrrd", source.voxels, source.geometry)
    write_image(tmp_path / "mask.nrrd", source.mask, source.geometry)
    program = (
        "import sys; from pathlib import Path\n"
        "from TACEResponseLib.cohort import Case, CaseKey, FileSource\n"
        "from TACEResponseLib.imaging import read_case_images\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "assert 'SimpleITK' not in sys.modules\n"
        "source = FileSource(folder / 'image.nrrd', folder / 'mask.nrrd')\n"
        "read_case_images(Case(CaseKey('P'), {'AP': source}), ('AP',))\n"
        "absent = {'torch', 'pandas', 'sklearn', 'matplotlib', 'radiomics', 'pydicom'}\n"
        "sys.exit(','.join(absent & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr.strip()) == (0, "")
