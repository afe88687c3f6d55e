"""All sequences of one case: read, checked and resampled."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from ..cohort import ArraySource, Case, CaseKey, CaseWarning, FileSource, Progress
from .between_sequences import check_between_sequences
from .canonical import read_voi
from .input_checks import check_native_voi, check_resampled_voi
from .normalisation import normalise
from .resampling import resample
from .voi import CaseImages, ResampledVoi, Voi

SEQUENCES_AT_ONCE = 2
"""SimpleITK, NumPy and hashlib let go of the interpreter lock, so two sequences are read side by side."""


def read_case_images(
    case: Case,
    sequences: Sequence[str],
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
    bin_width: float | None = 25.0,
    progress: Progress | None = None,
    study_before: date | None = None,
    sequences_at_once: int = SEQUENCES_AT_ONCE,
    normalisation_scale: float | None = None,
) -> CaseImages:
    """Read the sequences of a case and check them.

    Parameters
    ----------
    case : Case
    sequences : sequence of str
        The names that are required, e.g. ("T2", "AP", "PVP", "DP").
    spacing_mm, bin_width, normalisation_scale
        As in the feature settings; no bin width where the number of bins is fixed, no scale without normalisation.
    progress : callable, optional
        Called in this thread as ``progress(done, total, text)`` before the first sequence and after each; what it
        raises cancels the sequences not yet begun.
    study_before : date, optional
        Date of the first TACE, where known; the case's own by default.
    sequences_at_once : int
        Threads; 1 where other cases are read in processes beside this one.

    Returns
    -------
    CaseImages
        With the warnings of each sequence in order, then those between sequences.

    Raises
    ------
    ValueError
        Naming patient and sequence: one missing, or refused by `read_voi`, `input_checks` or `check_between_sequences`.
    """
    sequences = [str(sequence) for sequence in sequences]
    missing = [sequence for sequence in sequences if sequence not in case.sources]
    if missing:
        raise ValueError(
            f"{case.key.label}: no image and mask for {', '.join(missing)}; give all of {', '.join(sequences)}."
        )
    vois: dict[str, Voi] = {}
    resampled: dict[str, ResampledVoi] = {}
    warnings: list[CaseWarning] = []
    executor = ThreadPoolExecutor(sequences_at_once)
    try:
        futures = [
            executor.submit(
                _read_sequence, case.key, sequence, case.sources[sequence], spacing_mm, bin_width, normalisation_scale
            )
            for sequence in sequences
        ]
        for done, (sequence, future) in enumerate(zip(sequences, futures, strict=True)):
            if progress is not None:
                progress(done, len(sequences), f"{case.key}: reading {sequence}")
            vois[sequence], resampled[sequence], found = future.result()
            warnings += found
    finally:
        executor.shutdown(cancel_futures=True)
    warnings += check_between_sequences(case.key, vois, study_before or case.first_tace_date)
    if progress is not None:
        progress(len(sequences), len(sequences), f"{case.key}: images read")
    return CaseImages(case.key, vois, resampled, tuple(warnings))


def _read_sequence(
    key: CaseKey,
    sequence: str,
    source: FileSource | ArraySource,
    spacing_mm: tuple[float, float, float],
    bin_width: float | None,
    normalisation_scale: float | None,
) -> tuple[Voi, ResampledVoi, tuple[CaseWarning, ...]]:
    voi = read_voi(key, sequence, source)
    warnings = check_native_voi(key, voi)
    try:
        if normalisation_scale is not None:
            voi = normalise(voi, normalisation_scale)
        resampled = resample(voi, spacing_mm)
    except ValueError as error:
        raise ValueError(f"{key.label}, {sequence}: {error}") from error
    return voi, resampled, warnings + check_resampled_voi(key, voi, resampled, bin_width)
