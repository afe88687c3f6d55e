"""Archives as anonymisers, PACS and disks leave them: what `intake` writes is the right volume, or the patient is told.

A mutation changes how images are tagged, stored or copied, or loses some of them, never what they show: so there is one
right volume for each sequence, whatever happened. A second patient, whom nothing happens to, must always be taken in.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from copy import deepcopy
from itertools import product
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from TACEResponseLib.cli import main
from TACEResponseLib.cohort import read_manifest
from TACEResponseLib.commands.terminal import Terminal
from TACEResponseLib.intake.pseudonyms import Pseudonyms

SHAPE = (9, 12, 14)
PHASES = ("pre", "AP", "PVP", "DP")
_TIMES_S = (36_840, 36_930, 36_970, 37_090)
_NAMES = {"T2": "t2_tse_fs_tra", "pre": "t1_vibe_pre", "AP": "t1_vibe_art", "PVP": "t1_vibe_pv", "DP": "t1_vibe_del"}
_MR = "1.2.840.10008.5.1.4.1.1.4"
_KEY = "".join(f"{(37 * n * n + 90) % 251:02x}" for n in range(32))

Images = list[pydicom.Dataset]
Mutation = Callable[[np.random.Generator, Images], None]


def truth(patient: str, sequence: str) -> np.ndarray:
    """The voxels (K, J, I) of a sequence."""
    number = ("T2", *PHASES).index(sequence)
    return np.random.default_rng([number, *patient.encode()]).integers(0, 900, SHAPE)


def study(patient: str, one_series: bool) -> Images:
    """T2 and four dynamic phases, in one series or each in its own."""
    images = []
    for sequence, k in product(("T2", *PHASES), range(SHAPE[0])):
        number = ("T2", *PHASES).index(sequence)
        dynamic = one_series and sequence != "T2"
        series = 2 if dynamic else 1 + number
        time_s = 36_000 if sequence == "T2" else _TIMES_S[number - 1]
        data = pydicom.Dataset()
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
        data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = _MR
        data.PatientID, data.PatientName, data.PatientBirthDate = patient, f"{patient}^X", "19600102"
        data.StudyInstanceUID, data.StudyDate, data.StudyTime = f"1.2.{len(patient)}", "20210304", "100000"
        data.SeriesInstanceUID, data.SeriesNumber, data.Modality = f"1.2.{len(patient)}.{series}", series, "MR"
        data.SOPInstanceUID = f"1.2.{len(patient)}.{series}.{number}.{k}"
        data.SeriesDescription = "t1_vibe_fs_tra_dyn" if dynamic else _NAMES[sequence]
        data.FrameOfReferenceUID = f"1.2.{len(patient)}.9"
        data.AcquisitionTime, data.InstanceNumber = clock(time_s), number * SHAPE[0] + k + 1
        data.ImageOrientationPatient, data.PixelSpacing = [1, 0, 0, 0, 1, 0], [1.25, 0.8]
        data.ImagePositionPatient, data.SliceThickness = [-10.5, 20.25, 3.0 * k], 3
        data.Rows, data.Columns, data.BitsAllocated, data.BitsStored, data.HighBit = *SHAPE[1:], 16, 16, 15
        data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
        data.PixelData = truth(patient, sequence)[k].astype("<u2").tobytes()
        data.number, data.slice_number, data.sequence_name = max(number - 1, 0), k, sequence
        images.append(data)
    return images


def clock(time_s: float) -> str:
    """A DICOM time of day."""
    whole = int(time_s) % 86_400
    return f"{whole // 3600:02d}{whole % 3600 // 60:02d}{whole % 60:02d}"


def _dynamic(images: Images) -> Images:
    return [one for one in images if one.sequence_name != "T2"]


def _remove(keyword: str) -> Mutation:
    def mutate(random: np.random.Generator, images: Images) -> None:
        for one in images:
            one.pop(keyword, None)

    return mutate


def _number_phases(random: np.random.Generator, images: Images) -> None:
    keyword = random.choice(["TemporalPositionIdentifier", "AcquisitionNumber"])
    for one in _dynamic(images):
        setattr(one, keyword, one.number + 1)


def _number_halves(random: np.random.Generator, images: Images) -> None:
    parts = int(random.integers(2, 4))
    for one in _dynamic(images):
        one.AcquisitionNumber = parts * one.number + one.slice_number % parts + 1


def _roll_over(random: np.random.Generator, images: Images) -> None:
    first = int(random.integers(1, SHAPE[0]))
    for one in _dynamic(images):
        one.AcquisitionTime = clock(_TIMES_S[one.number] + (one.slice_number >= first))


def _at_midnight(random: np.random.Generator, images: Images) -> None:
    shift_s = 86_400 - _TIMES_S[0] - int(random.integers(-200, 400))
    for one in images:
        if "AcquisitionTime" in one and len(one.AcquisitionTime) == 6 and one.AcquisitionTime != "000000":
            hours, minutes, seconds = (int(one.AcquisitionTime[at : at + 2]) for at in (0, 2, 4))
            one.AcquisitionTime = clock(3600 * hours + 60 * minutes + seconds + shift_s)


def _one_time(random: np.random.Generator, images: Images) -> None:
    time = random.choice(["000000", "101500", ""])
    for one in _dynamic(images):
        one.AcquisitionTime = time


def _random_times(random: np.random.Generator, images: Images) -> None:
    for one in _dynamic(images):
        one.AcquisitionTime = clock(36_000 + int(random.integers(0, 2000)))


def _trigger_times(random: np.random.Generator, images: Images) -> None:
    for one in _dynamic(images):
        one.TriggerTime, one.AcquisitionTime = 1000 * (_TIMES_S[one.number] - _TIMES_S[0]), "101400"


def _random_tag(random: np.random.Generator, images: Images) -> None:
    keyword = random.choice(["TemporalPositionIdentifier", "AcquisitionNumber", "TriggerTime", "EchoTime"])
    for one in _dynamic(images):
        setattr(one, keyword, int(random.integers(1, 4)))


def _random_instance_numbers(random: np.random.Generator, images: Images) -> None:
    for one, number in zip(images, random.permutation(len(images)), strict=True):
        one.InstanceNumber = int(number)


def _hair(random: np.random.Generator, images: Images) -> None:
    for one in images:
        shift = 1e-4 * random.standard_normal(3)
        one.ImagePositionPatient = [f"{value:.6f}" for value in np.add(list(one.ImagePositionPatient), shift)]


def _one_uid(random: np.random.Generator, images: Images) -> None:
    keyword = random.choice(["SOPInstanceUID", "SeriesInstanceUID"])
    for one in images:
        setattr(one, keyword, "1.2.3")


def _copies(random: np.random.Generator, images: Images) -> None:
    keyword = random.choice(["SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "InstanceNumber"])
    picked = images if random.integers(2) else [images[n] for n in random.permutation(len(images))[:3]]
    for number, one in enumerate(list(picked)):
        copy = deepcopy(one)
        setattr(copy, keyword, 500 + number if keyword == "InstanceNumber" else f"{copy.get(keyword)}.7")
        images.append(copy)


def _lose(random: np.random.Generator, images: Images) -> None:
    which, count = int(random.integers(-1, 4)), int(random.integers(1, 4))
    own = [one for one in images if which < 0 or (one.number == which and one.sequence_name != "T2")]
    for one in (own[-count:], own[:count], [own[n] for n in random.permutation(len(own))[:count]])[random.integers(3)]:
        images.remove(one)


def _other_study(random: np.random.Generator, images: Images) -> None:
    sequence = random.choice(("T2", *PHASES))
    for one in images:
        if one.sequence_name == sequence:
            one.StudyInstanceUID += ".5"


MUTATIONS: tuple[Mutation, ...] = (
    _number_phases, _number_halves, _roll_over, _at_midnight, _one_time, _random_times, _trigger_times, _random_tag,
    _random_instance_numbers, _hair, _one_uid, _copies, _lose, _other_study, _remove("AcquisitionTime"),
    _remove("InstanceNumber"), _remove("SliceThickness"), _remove("SeriesNumber"), _remove("SeriesDescription"),
)  # fmt: skip


def archive_case(seed: int, folder: Path) -> tuple[str, str]:
    """Take an archive in, to which up to three mutations happened, and compare what was written with what is right."""
    random = np.random.default_rng(seed)
    mutated = study("mutated", one_series=bool(random.integers(2)))
    names = []
    for number in random.permutation(len(MUTATIONS))[: random.integers(1, 4)]:
        MUTATIONS[number](random, mutated)
        names.append(getattr(MUTATIONS[number], "__name__", "") or str(number))
    _write(folder / "archive", [*mutated, *study("healthy", one_series=False)])
    (folder / "key").touch(0o600)
    (folder / "key").write_text(_KEY)
    output, errors = io.StringIO(), io.StringIO()
    command = ["intake", folder / "archive", "--out", folder / "out" / "m.csv", "--key", folder / "key"]
    code = main(list(map(str, command)), Terminal(output, errors))
    found = {case.key.patient_id: case.sources for case in read_manifest(folder / "out" / "m.csv")}
    pseudonyms = Pseudonyms.from_file(folder / "key", folder / "out")
    wrong = [
        f"{patient} {sequence}"
        for patient in ("mutated", "healthy")
        for sequence, source in found.get(pseudonyms.patient(patient), {}).items()
        if not np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(source.image_path))), truth(patient, sequence))
    ]
    warned = [name for name in wrong if f"{name.split()[-1]}: series" in errors.getvalue()]
    wrong = [name for name in wrong if name not in warned]
    if len(found.get(pseudonyms.patient("healthy"), {})) < 4:
        wrong.append("the healthy patient is not complete")
    if wrong:
        return "silent", f"{names}: {wrong}; {code} {errors.getvalue()[:400]}"
    missing = 4 + len(warned) - len(found.get(pseudonyms.patient("mutated"), {}))
    if not missing:
        return "right", ""
    said = "mutated" in errors.getvalue() or pseudonyms.patient("mutated") in errors.getvalue()
    return ("refused" if said else "silent"), f"{names}: {missing} sequences missing or warned of"


def _write(folder: Path, images: Images) -> None:
    folder.mkdir()
    for number, one in enumerate(images):
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        one.save_as(folder / f"I{number:04d}", enforce_file_format=True)
