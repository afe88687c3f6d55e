"""What a batch does with a tumour that was drawn again, and with one whose VOIs are perturbed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from zlib import crc32

from ..batch import JobOutput
from ..cohort import Case, CaseKey, Progress, part_of
from ..features import FeatureVector
from ..imaging import CaseImages
from ..repeatability import Overlap, PerturbationSettings, overlaps, perturb_images
from .case import FeatureRecipe, extract_case, read_images
from .jobs import recipe_settings, vector_of_record, vector_record, warning_lines

Pair = tuple[CaseKey, CaseKey]


@dataclass(frozen=True)
class LesionDrawings:
    """What the drawings of one lesion, or of many, gave: features, overlaps of pairs, the pairs that were refused."""

    vectors: dict[CaseKey, FeatureVector] = field(default_factory=dict)
    overlaps: list[tuple[Pair, Overlap]] = field(default_factory=list)
    refused: set[Pair] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)

    def add(self, other: LesionDrawings) -> None:
        """Take over another lesion's."""
        self.vectors.update(other.vectors)
        self.overlaps.extend(other.overlaps)
        self.refused.update(other.refused)


@dataclass(frozen=True)
class CompareJob:
    """Features and overlaps of all drawings of a lesion; a `CaseJob` that is called with the reference drawing.

    ``pairs`` are those of each lesion, by its reference drawing; ``cases`` all drawings. Without ``extract`` features
    are there already, and only VOIs are compared. A drawing that cannot be read costs its pairs, not its lesion.
    """

    pairs: Mapping[CaseKey, tuple[Pair, ...]]
    cases: Mapping[CaseKey, Case]
    recipe: FeatureRecipe
    extract: bool

    folders = ()
    record_is_result = True

    @property
    def settings(self) -> Mapping[str, object]:
        """What besides the drawings decides features and overlaps."""
        return {**recipe_settings(self.recipe), "extract": self.extract}

    def others(self, case: Case) -> Sequence[Case]:
        """The lesion's other drawings."""
        keys = dict.fromkeys(key for pair in self.pairs[case.key] for key in pair)
        return [self.cases[key] for key in keys if key != case.key]

    def run(self, case: Case, progress: Progress | None = None, one_thread: bool = False) -> JobOutput:
        """Read every drawing of the lesion once, and compare the pairs."""
        found = LesionDrawings()
        warnings: list[str] = []
        images: dict[CaseKey, CaseImages] = {}
        drawings = [case, *self.others(case)]
        pairs = self.pairs[case.key]
        for number, drawing in enumerate(drawings):
            steps, key = 2 * len(drawing.sources), drawing.key
            reading = part_of(progress, number * steps, len(drawings) * steps)
            recipe = self.recipe.of_case(drawing)
            try:
                if self.extract:
                    images[key], found.vectors[key] = extract_case(drawing, recipe, reading, one_thread=one_thread)
                elif drawing.sources:
                    images[key] = read_images(drawing, recipe, reading, one_thread)
                else:
                    continue
                warnings += warning_lines(images[key])
            except ValueError as error:
                found.refused.update(pair for pair in pairs if key in pair)
                found.failures.append(str(error))
        for pair in pairs:
            if not all(key in images for key in pair):
                continue
            try:
                compared = overlaps(images[pair[0]].vois, images[pair[1]].vois, pair)
                found.overlaps.extend((pair, one) for one in compared)
            except ValueError as error:
                found.refused.add(pair)
                found.failures.append(str(error))
        return JobOutput(
            {
                "vectors": [[list(key), vector_record(vector)] for key, vector in found.vectors.items()],
                "overlaps": [[*map(list, pair), asdict(one)] for pair, one in found.overlaps],
                "refused": [[*map(list, pair)] for pair in pairs if pair in found.refused],
                "failures": found.failures,
            },
            warnings=tuple(warnings),
        )

    def is_there(self, case: Case, record: Mapping[str, Any]) -> bool:
        """The record is all there is."""
        return True

    def of_record(self, record: Mapping[str, Any]) -> LesionDrawings:
        """Inverse of what `run` keeps."""
        vectors = {}
        for key, vector in record["vectors"]:
            key = CaseKey(*key)
            vectors[key] = vector_of_record(key, vector, self.recipe.of_case(self.cases[key]))
        return LesionDrawings(
            vectors,
            [((CaseKey(*first), CaseKey(*second)), Overlap(**one)) for first, second, one in record["overlaps"]],
            {(CaseKey(*first), CaseKey(*second)) for first, second in record["refused"]},
            list(record["failures"]),
        )


@dataclass(frozen=True)
class PerturbJob:
    """Features of a case and of ``draws`` perturbed sets of its VOIs; a `CaseJob`.

    The same seed gives the same perturbations of a case, whatever the order of the cases.
    """

    recipe: FeatureRecipe
    draws: int
    seed: int
    perturbation: PerturbationSettings

    folders = ()
    record_is_result = True

    @property
    def settings(self) -> Mapping[str, object]:
        """What besides the case decides the features."""
        perturbation = self.perturbation.as_dict()
        return {**recipe_settings(self.recipe), "draws": self.draws, "seed": self.seed, "perturbation": perturbation}

    def others(self, case: Case) -> Sequence[Case]:
        """No other case."""
        return ()

    def run(self, case: Case, progress: Progress | None = None, one_thread: bool = False) -> JobOutput:
        """The drawn VOIs' vector and the values of each draw. Raises ValueError as `extract_case` does."""
        recipe = self.recipe.of_case(case)
        images, vector = extract_case(case, recipe, one_thread=one_thread)
        drawn = []
        for draw in range(self.draws):
            if progress is not None:
                progress(draw, self.draws, f"{case.key}: perturbed VOIs, {draw} of {self.draws}")
            own = perturb_images(images, self.perturbation, (self.seed, crc32(repr(case.key).encode()), draw))
            drawn.append(extract_case(case, recipe, images=own, one_thread=one_thread).features)
        record = {"vector": vector_record(vector), "draws": [vector_record(one)["values"] for one in drawn]}
        return JobOutput(record, warnings=warning_lines(images))

    def is_there(self, case: Case, record: Mapping[str, Any]) -> bool:
        """The record is all there is."""
        return True
