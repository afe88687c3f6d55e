"""Bundles on disk: ``model.json`` (what a person can read), ``arrays.npz`` and ``MODEL_CARD.md``.

``model.json`` carries the SHA-256 of the two other files and of itself, so that one changed byte anywhere is noticed.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..cohort import CLINICAL_FACTS, new_folder
from ..features import FeatureSettings, get_feature_set
from .bundle import SCHEMA_VERSION, ModelBundle
from .bundle_checks import KINDS, check_arrays, check_fields
from .classifiers import CLASSIFIERS
from .linear_predictor import LinearPredictor
from .score_model import ScoreModel

MODEL_FILE, ARRAYS_FILE, CARD_FILE = "model.json", "arrays.npz", "MODEL_CARD.md"
_PLAIN_FIELDS = (
    "calibration clinical_coding cohort_responders cohort_size demonstration kind name outcome out_of_range_limit "
    "position_score prevalence provenance threshold threshold_rule time_horizon unknown_facts"
).split()
_TUPLE_FIELDS = ("feature_names", "required_facts", "required_sequences")
_REFIT_FIELDS = ("refit_intercepts", "refit_coefficients", "refit_offsets", "refit_means")
_REPAIR = "Install the model again."
_LONGEST_ARRAY_HEADER = 4096
_LONGEST_REASON = 200
_MOST_BYTES = {MODEL_FILE: 8 << 20, ARRAYS_FILE: 512 << 20, CARD_FILE: 1 << 20}
"""A larger file is not a model's."""


def save_bundle(bundle: ModelBundle, folder: Path) -> ModelBundle:
    """Write a bundle as a new folder, which gets its name only when it is complete, and return it as loaded again.

    The same bundle gives the same bytes. Raises ValueError if the folder already exists or cannot be written.
    """
    arrays = _arrays_of(bundle)
    npz = io.BytesIO()
    # Uncompressed: trained weights hardly compress, and every prediction loads them.
    np.savez(npz, allow_pickle=False, **arrays)
    card = bundle.card.encode("utf-8")
    fields = {
        "schema_version": SCHEMA_VERSION,
        "settings": None if bundle.settings is None else bundle.settings.as_dict(),
        "feature_set": bundle.feature_set,
        "predictor": _predictor_fields(bundle.predictor),
        "score_only": None if bundle.score_only is None else _predictor_fields(bundle.score_only),
        "score_types": {name: model.type_name for name, model in bundle.scores.items()},
        "arrays_sha256": hashlib.sha256(npz.getvalue()).hexdigest(),
        "card_sha256": hashlib.sha256(card).hexdigest(),
        **{name: getattr(bundle, name) for name in _PLAIN_FIELDS},
        **{name: list(getattr(bundle, name)) for name in _TUPLE_FIELDS},
    }
    fields["sha256"] = _own_sha256(fields)
    with new_folder(Path(folder)) as part:
        (part / ARRAYS_FILE).write_bytes(npz.getvalue())
        (part / CARD_FILE).write_bytes(card)
        (part / MODEL_FILE).write_text(_canonical(fields), encoding="utf-8", newline="\n")
    return load_bundle(folder)


def load_bundle(folder: Path) -> ModelBundle:
    """Read and check a bundle.

    Raises ValueError with the reason for a folder that is not a bundle, a missing or changed file, a newer schema, an
    unknown kind, score type, fact, feature set or setting, and for whatever `bundle_checks` refuses.
    """
    folder = Path(folder)
    fields = _read_model_file(folder)
    _check_known(folder, fields)
    try:
        check_fields(fields)
        npz = _read_checked(folder / ARRAYS_FILE, str(fields["arrays_sha256"]))
        card = _read_checked(folder / CARD_FILE, str(fields["card_sha256"])).decode("utf-8")
    except ValueError as error:
        raise _damaged(folder, error) from error
    try:
        arrays = _arrays_in(npz)
        check_arrays(fields, arrays)
        plain: dict[str, Any] = {name: fields[name] for name in _PLAIN_FIELDS}
        plain |= {name: tuple(fields[name]) for name in _TUPLE_FIELDS}
        bundle = ModelBundle(
            **plain,
            schema_version=fields["schema_version"],
            feature_set=fields["feature_set"],
            settings=None if fields["settings"] is None else FeatureSettings.from_dict(fields["settings"]),
            training_scores={outcome: arrays[f"training_scores/{outcome}"] for outcome in ("OR", "NOR")},
            feature_minimum=arrays["feature_minimum"],
            feature_maximum=arrays["feature_maximum"],
            sha256=fields["sha256"],
            card=card,
            predictor=_predictor_from(fields["predictor"], arrays, "predictor"),
            score_only=None
            if fields["score_only"] is None
            else _predictor_from(fields["score_only"], arrays, "score_only"),
            scores=_scores_from(fields["score_types"], arrays, "scores"),
            refit_scores=_scores_from(fields["score_types"], arrays, "refits"),
        )
    except Exception as error:
        # Bytes that make no sense raise whatever zipfile, NumPy or a score's own code raises.
        raise _damaged(folder, error) from error
    return bundle


class _ChangedFile(ValueError):
    """A file that is missing or was changed; its text is the whole sentence."""


def _damaged(folder: Path, error: Exception) -> ValueError:
    if isinstance(error, _ChangedFile):
        return error
    reason = f" ({error})"[:_LONGEST_REASON] if type(error) is ValueError and str(error) else ""
    return ValueError(f"The model {folder.name} is damaged: its parts do not fit together{reason}. {_REPAIR}")


def _arrays_in(npz: bytes) -> dict[str, np.ndarray]:
    """The arrays of an uncompressed ``.npz`` as views where that can be, without the checksum of `numpy.load`.

    The SHA-256 of ``npz`` was checked before; a patient's prediction waits for this. No pickled objects.
    """
    arrays = {}
    with zipfile.ZipFile(io.BytesIO(npz)) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED:
                raise KeyError(entry.filename)
            # A local header is 30 bytes, then the name and extra field whose lengths are its last four bytes.
            name_length, extra_length = struct.unpack_from("<HH", npz, entry.header_offset + 26)
            start = entry.header_offset + 30 + name_length + extra_length
            stream = io.BytesIO(npz[start : start + _LONGEST_ARRAY_HEADER])
            version = np.lib.format.read_magic(stream)
            read_header = (
                np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            )
            shape, fortran_order, dtype = read_header(stream)
            if dtype.hasobject or fortran_order:
                raise KeyError(entry.filename)
            count = math.prod(shape)
            if not 0 <= count * dtype.itemsize <= len(npz):
                raise KeyError(entry.filename)
            values = np.frombuffer(npz, dtype, count, start + stream.tell())
            # Sums over an array that is not aligned differ in the last bit; bytes, the bulk, always are.
            values = values if dtype.itemsize == 1 else values.copy()
            arrays[entry.filename.removesuffix(".npy")] = values.reshape(shape)
    return arrays


def _canonical(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _own_sha256(fields: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in fields.items() if name != "sha256"}
    return hashlib.sha256(_canonical(rest).encode("utf-8")).hexdigest()


def _read(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES[path.name]:
            raise _ChangedFile(
                f"The model {path.parent.name} is damaged: {path.name} is not a regular file of at most "
                f"{_MOST_BYTES[path.name] >> 20} MB. {_REPAIR}"
            )
        return path.read_bytes()
    except OSError as error:
        raise _ChangedFile(
            f"The model {path.parent.name} is incomplete: {path.name} cannot be read ({error.strerror}). {_REPAIR}"
        ) from error


def _read_checked(path: Path, sha256: str) -> bytes:
    content = _read(path)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise _ChangedFile(
            f"The model {path.parent.name} is damaged: {path.name} was changed after it was written. {_REPAIR}"
        )
    return content


def _read_model_file(folder: Path) -> dict[str, Any]:
    content = _read(folder / MODEL_FILE)
    try:
        text = content.decode("utf-8")
        fields: dict[str, Any] = json.loads(text)
        newer = fields["schema_version"] > SCHEMA_VERSION
        unchanged = fields.get("sha256") == _own_sha256(fields) and _canonical(fields) == text
    except (UnicodeError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"The model {folder.name} is damaged: {MODEL_FILE} is not a model file. {_REPAIR}") from error
    if newer:
        raise ValueError(
            f"The model {folder.name} was made for a newer TACEResponse (schema {fields['schema_version']}, this one "
            f"reads up to {SCHEMA_VERSION}); update TACEResponse."
        )
    if not unchanged:
        raise ValueError(
            f"The model {folder.name} is damaged: {MODEL_FILE} was changed after it was written. {_REPAIR}"
        )
    return fields


def _check_known(folder: Path, fields: Mapping[str, Any]) -> None:
    """Refuse what this version cannot compute as the training did; `check_fields` finds wrong types."""
    try:
        unknown = _unknown(fields)
    except (KeyError, TypeError, AttributeError):
        return
    if unknown:
        raise ValueError(
            f"The model {folder.name} cannot be used here: {unknown[:_LONGEST_REASON]}; update TACEResponse."
        )


def _unknown(fields: Mapping[str, Any]) -> str:
    """What this version does not know, or an empty text."""
    if fields["kind"] not in KINDS:
        return f"it is of the unknown kind {fields['kind']!r}"
    for type_name in fields["score_types"].values():
        if type_name not in CLASSIFIERS:
            return f"it needs a score of the unknown type {type_name!r}"
    for fact in fields["required_facts"]:
        if fact not in CLINICAL_FACTS:
            return f"it needs the unknown fact {fact!r}"
    if fields["settings"] is not None:
        try:
            FeatureSettings.from_dict(fields["settings"])
        except ValueError:
            return "its feature settings hold what this version does not know"
    if fields["feature_set"] is not None:
        try:
            feature_set = get_feature_set(fields["feature_set"])
        except ValueError:
            return f"it needs the unknown feature set {fields['feature_set']!r}"
        whole, own = feature_set.column_names(tuple(fields["required_sequences"])), tuple(fields["feature_names"])
        chosen = set(own)
        if own != tuple(name for name in whole if name in chosen) or not own:
            return f"its features are not those of the feature set {fields['feature_set']!r}"
    return ""


def _predictor_fields(predictor: LinearPredictor) -> dict[str, Any]:
    return {
        "terms": list(predictor.terms),
        "intercept": predictor.intercept,
        "coefficients": predictor.coefficients.tolist(),
        "offsets": predictor.offsets.tolist(),
        "means": predictor.means.tolist(),
    }


def _predictor_from(fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray], group: str) -> LinearPredictor:
    coefficients, offsets, means = (np.array(fields[name], float) for name in ("coefficients", "offsets", "means"))
    return LinearPredictor(
        tuple(fields["terms"]),
        fields["intercept"],
        coefficients,
        offsets,
        means,
        **{name: arrays[f"{group}/{name}"] for name in _REFIT_FIELDS},
    )


def _arrays_of(bundle: ModelBundle) -> dict[str, np.ndarray]:
    arrays = {"feature_minimum": bundle.feature_minimum, "feature_maximum": bundle.feature_maximum}
    arrays |= {f"training_scores/{outcome}": scores for outcome, scores in bundle.training_scores.items()}
    for group, predictor in (("predictor", bundle.predictor), ("score_only", bundle.score_only)):
        if predictor is not None:
            arrays |= {f"{group}/{name}": getattr(predictor, name) for name in _REFIT_FIELDS}
    for group, models in (("scores", bundle.scores), ("refits", bundle.refit_scores)):
        for name, model in models.items():
            arrays |= {f"{group}/{name}/{part}": array for part, array in model.to_arrays().items()}
    # In C order, which reading them as views needs.
    return {name: np.asarray(array, order="C") for name, array in sorted(arrays.items())}


def _scores_from(score_types: Mapping[str, str], arrays: Mapping[str, np.ndarray], group: str) -> dict[str, ScoreModel]:
    models = {}
    for name, type_name in score_types.items():
        prefix = f"{group}/{name}/"
        parts = {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}
        models[name] = CLASSIFIERS[type_name].score_type.from_arrays(parts)
    return models
