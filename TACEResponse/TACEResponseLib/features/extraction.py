"""From the images of a case, past the input checks, to its feature vector."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..cohort import Progress
from ..imaging import CaseImages
from .engine import Engine, EngineResult
from .engines import get_engine
from .feature_sets import get_feature_set
from .feature_vector import FeatureVector
from .settings import PAPER_SETTINGS, FeatureSettings


def extract_features(
    images: CaseImages,
    sequences: tuple[str, ...],
    feature_set: str = "paper110",
    settings: FeatureSettings = PAPER_SETTINGS,
    engine: str | Engine = "native",
    progress: Progress | None = None,
) -> FeatureVector:
    """Compute the features of one case, sequence by sequence in the order given.

    Parameters
    ----------
    images : CaseImages
        From `imaging.read_case_images` with the spacing and bin width of ``settings``.
    sequences : tuple of str
        The columns' prefixes, e.g. ("T2", "AP", "PVP", "DP").
    feature_set : str
        A name in `FEATURE_SETS`.
    settings : FeatureSettings
    engine : str or Engine
    progress : callable, optional
        Called in this thread as ``progress(done, total, text)`` before each sequence and at the end; what it raises
        cancels the sequences not yet begun.

    Returns
    -------
    FeatureVector
        ``len(sequences) * n`` values; NaN where a feature is undefined, with the reason in ``undefined``.

    Raises
    ------
    ValueError
        With patient and sequence, if a sequence is missing or an engine cannot answer.
    """
    feature_engine = get_engine(engine) if isinstance(engine, str) else engine
    features = get_feature_set(feature_set)
    values: list[float] = []
    undefined: dict[str, str] = {}
    missing = [sequence for sequence in sequences if sequence not in images.vois]
    if missing:
        raise ValueError(f"{images.key.label}: the sequence {missing[0]} has no image.")

    def compute(sequence: str) -> EngineResult:
        try:
            return feature_engine.compute(
                images.vois[sequence], settings, features.feature_names, images.resampled.get(sequence)
            )
        except ValueError as error:
            raise ValueError(f"{images.key.label}, {sequence}: {error}") from error

    executor = ThreadPoolExecutor(feature_engine.sequences_at_once)
    try:
        results = [executor.submit(compute, sequence) for sequence in sequences]
        for done, (sequence, pending) in enumerate(zip(sequences, results, strict=True)):
            if progress is not None:
                progress(done, len(sequences), f"{images.key}: features of {sequence}")
            result = pending.result()
            values += [result.values[name] for name in features.feature_names]
            undefined |= {f"{sequence}_{name}": reason for name, reason in result.undefined.items()}
    finally:
        executor.shutdown(cancel_futures=True)
    if progress is not None:
        progress(len(sequences), len(sequences), f"{images.key}: features done")
    return FeatureVector(
        key=images.key,
        names=features.column_names(sequences),
        values=np.array(values, dtype=float),
        settings=settings,
        feature_set=feature_set,
        engine=f"{feature_engine.name} {feature_engine.version}",
        is_phantom=all(images.vois[sequence].tags.is_phantom for sequence in sequences),
        undefined=undefined,
        input_sha256={
            sequence: (images.vois[sequence].image_sha256, images.vois[sequence].mask_sha256) for sequence in sequences
        },
    )
