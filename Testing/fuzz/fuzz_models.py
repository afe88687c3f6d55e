"""Damaged models whose checksums fit again.

Another number in its range is another valid model: nobody can tell it from a model trained elsewhere, so it is told
apart by name and SHA-256 ("not shipped with this version"). Every model that is accepted must give a finite
probability within its own interval's order for a patient; anything else is called silent.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import random
from functools import cache
from pathlib import Path

import numpy as np
from fuzz_mutators import mutated_bytes
from TACEResponseLib.cohort import CLINICAL_FACTS
from TACEResponseLib.features import PAPER_SETTINGS, get_feature_set
from TACEResponseLib.models import (
    SCHEMA_VERSION,
    DnnScore,
    FoldedNetworks,
    LinearPredictor,
    ModelBundle,
    load_bundle,
    save_bundle,
)
from TACEResponseLib.models.array_rules import COLUMNS, POSITIVE, ZERO_OR_ONE
from TACEResponseLib.models.bundle_io import ARRAYS_FILE, CARD_FILE, MODEL_FILE, _canonical, _own_sha256
from TACEResponseLib.models.classifiers import CLASSIFIERS
from TACEResponseLib.models.folded_network import plain_layer
from TACEResponseLib.models.network_storage import low_rank, quantised
from TACEResponseLib.models.score_model import ScoreModel
from TACEResponseLib.models.shipped_models import is_shipped

_REFITS, _FACT = 12, CLINICAL_FACTS[1]
_VALUES = (
    "=1+1",
    None, True, False, 0, 1, -1, 2, 0.5, 1e308, -1e308, 10**30, float("nan"), "", "x", "garbage", "dnn", [], {}, [1],
    ["dnn"],    {"a": 1}, "<script>", "\x1b[2J", "é", "a" * 100_000, "range", "clinical", [None], "T2", ["AP", "AP"],
)  # fmt: skip
_NUMBERS = (np.nan, np.inf, -np.inf, 0.0, -1.0, 1.0, 1e308, -1e308, 0.5, 1e-308, 2**31)


def _score(type_name: str, members: int, features: int, chance: np.random.Generator) -> ScoreModel:
    """A score of this type by its own table of arrays, whose numbers are random but whose parts fit together."""
    if type_name == "dnn":
        return _dnn(members, features, chance)
    lengths = {"m": members, "f": features, "c": 3, "n": 9, "s": 7}
    single = {"neighbours": 4, "total_features": features, "gamma": 0.2}
    arrays = {}
    score_type = CLASSIFIERS[type_name].score_type
    for name, (content, letters) in score_type.array_rules({}).items():
        shape = tuple(lengths.setdefault(letter, 5) for letter in letters)
        if content == COLUMNS:
            arrays[name] = np.tile(np.arange(shape[-1]), (members, 1))
        elif content == POSITIVE:
            arrays[name] = np.ones(shape) if shape else np.array(single.get(name, 1))
        else:
            arrays[name] = (
                chance.integers(0, 2, shape).astype(float) if content == ZERO_OR_ONE else chance.normal(size=shape)
            )
    return score_type.from_arrays(arrays)


def _dnn(members: int, features: int, chance: np.random.Generator) -> DnnScore:
    """Networks as training stores them: the ensemble in 8 bits, refits with layers of low rank."""
    shapes = [(6, features), (3, 6), (2, 3)]
    layers = [
        plain_layer(chance.normal(0, 0.3, (members, *one)).astype("f4"), np.zeros((members, one[0]), "f4"))
        for one in shapes
    ]
    networks = FoldedNetworks(tuple(layers))
    rows = chance.normal(size=(members, 8, features))
    stored = quantised(networks) if members == 1 else low_rank(networks, rows, 2)
    return DnnScore(np.zeros((members, features)), np.full((members, features), 2.0), stored)


def _predictor(terms: tuple[str, ...], chance: np.random.Generator) -> LinearPredictor:
    count = len(terms)
    return LinearPredictor(
        terms, 0.2, np.array([2.5, -1.0])[:count], np.zeros(count), np.full(count, 0.4),
        chance.normal(0.2, 0.1, _REFITS), chance.normal(1, 0.3, (_REFITS, count)), np.zeros((_REFITS, count)),
        np.full((_REFITS, count), 0.4),
    )  # fmt: skip


def bundle(type_name: str) -> ModelBundle:
    """A small merged model with a score of this type, whose numbers are random but whose parts fit together."""
    chance = np.random.default_rng(3)
    names = get_feature_set("default107").column_names(("AP",))
    count = len(names)
    return ModelBundle(
        name="fuzzed",
        schema_version=SCHEMA_VERSION,
        kind="merged",
        demonstration=True,
        required_sequences=("AP",),
        required_facts=(_FACT,),
        feature_set="default107",
        settings=PAPER_SETTINGS,
        feature_names=names,
        outcome="an outcome",
        time_horizon="a time",
        cohort_size=100,
        cohort_responders=40,
        threshold=0.45,
        threshold_rule="chosen",
        training_scores={"OR": chance.uniform(size=40), "NOR": chance.uniform(size=60)},
        position_score=type_name,
        feature_minimum=np.full(count, -3.0),
        feature_maximum=np.full(count, 3.0),
        out_of_range_limit=4.0,
        sha256="",
        provenance={"seeds": [1, 2]},
        card="# fuzzed\n",
        predictor=_predictor((type_name, _FACT), chance),
        prevalence=0.4,
        score_only=_predictor((type_name,), chance),
        scores={type_name: _score(type_name, 1, count, chance)},
        refit_scores={type_name: _score(type_name, _REFITS, count, chance)},
        clinical_coding={_FACT: "the fact"},
        calibration={"slope": 0.8},
    )


@cache
def _files(type_name: str) -> dict[str, bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        save_bundle(bundle(type_name), Path(folder) / "fuzzed")
        return {name: (Path(folder) / "fuzzed" / name).read_bytes() for name in (MODEL_FILE, ARRAYS_FILE, CARD_FILE)}


def model_case(seed: int, folder: Path) -> tuple[str, str]:
    """A model with some field, array or byte changed and, mostly, checksums that fit again."""
    chance = random.Random(seed)
    folder = folder / "fuzzed"
    folder.mkdir()
    files = dict(_files(chance.choice(sorted(CLASSIFIERS))))
    fields = json.loads(files[MODEL_FILE])
    kind = chance.randrange(10)
    if kind < 4:
        _mutate_field(fields, chance)
    elif kind < 8:
        files[ARRAYS_FILE] = _mutated_arrays(files[ARRAYS_FILE], chance)
    elif kind == 8:
        name = chance.choice((ARRAYS_FILE, CARD_FILE))
        files[name] = mutated_bytes(files[name], chance, 3000)
    for name, file in (("arrays_sha256", ARRAYS_FILE), ("card_sha256", CARD_FILE)):
        if name in fields:
            fields[name] = hashlib.sha256(files[file]).hexdigest()
    try:
        fields["sha256"] = _own_sha256(fields)
        files[MODEL_FILE] = _canonical(fields).encode("utf-8", "surrogatepass")
    except (ValueError, TypeError):
        files[MODEL_FILE] = json.dumps(fields).encode("utf-8", "surrogatepass")
    if kind == 9:
        files[MODEL_FILE] = mutated_bytes(files[MODEL_FILE], chance, 10**9)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return _judged(folder)


def _judged(folder: Path) -> tuple[str, str]:
    try:
        loaded = load_bundle(folder)
    except ValueError as error:
        text = str(error)
        one = text.startswith("The model fuzzed ") and text.endswith(".") and "\n" not in text and len(text) < 600
        return ("refused", "") if one else ("crash", f"not one sentence: {text[:300]}")
    if is_shipped(loaded.name, loaded.sha256):
        return "silent", "called shipped"
    features = np.linspace(-1, 1, len(loaded.feature_names))
    try:
        estimate = loaded.estimate(features, dict.fromkeys(loaded.required_facts, True))
    except ValueError as error:
        return "silent", f"accepted, but {error}"
    numbers = (estimate.probability, estimate.probability_low, estimate.probability_high)
    values = [value for term in estimate.terms.values() for value in term]
    if not all(map(math.isfinite, (*numbers, *values))) or not 0 <= numbers[1] <= numbers[2] <= 1:
        return "silent", f"accepted, and gives {numbers}"
    return "right", ""


def _mutate_field(fields: dict, chance: random.Random) -> None:
    owner = fields
    while True:
        keys = sorted(owner) if isinstance(owner, dict) else list(range(len(owner)))
        if not keys:
            return
        key = chance.choice(keys)
        if isinstance(owner[key], dict | list) and owner[key] and chance.random() < 0.6:
            owner = owner[key]
            continue
        break
    kind = chance.randrange(4)
    if kind == 0:
        del owner[key]
    elif kind == 1 and isinstance(owner, list):
        owner.append(owner[key])
    elif kind == 1:
        owner[chance.choice(("extra", "name ", "sha256 "))] = owner[key]
    else:
        owner[key] = chance.choice(_VALUES)


def _mutated_arrays(packed: bytes, chance: random.Random) -> bytes:
    with np.load(io.BytesIO(packed)) as stored:
        arrays = {name: stored[name].copy() for name in stored}
    name = chance.choice(sorted(arrays))
    array = arrays[name]
    kind = chance.randrange(8)
    if kind == 0:
        del arrays[name]
    elif kind == 1:
        arrays[f"{name}{chance.choice('_02x')}"] = array
    elif kind == 2 and array.ndim:
        arrays[name] = np.concatenate([array, array[:1]], axis=0) if chance.random() < 0.5 else array[:-1]
    elif kind == 3:
        arrays[name] = array.astype(chance.choice(("f4", "f8", "i8", "i1", "c16", "U5", "S3", "bool", "f2", ">f8")))
    elif kind == 4:
        arrays[name] = np.asfortranarray(array) if chance.random() < 0.5 else array[None]
    elif kind == 5:
        other = chance.choice(sorted(arrays))
        arrays[name], arrays[other] = arrays[other], arrays[name]
    else:
        with np.errstate(all="ignore"):
            wrong = np.array(chance.choice(_NUMBERS)).astype(array.dtype)
        if kind == 6 or not array.ndim:
            arrays[name] = np.full_like(array, wrong)
        else:
            array.flat[chance.randrange(array.size)] = wrong
    content = io.BytesIO()
    (np.savez_compressed if chance.random() < 0.1 else np.savez)(content, **arrays)
    return content.getvalue()
