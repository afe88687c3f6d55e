"""SEG and RTSTRUCT objects of an archive: what is drawn in them, and on which images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..imaging.dicom_objects import open_dicom
from .archive import ArchiveSeries
from .headers import ArchiveImage
from .tumour_names import TumourName, judge_name

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


@dataclass(frozen=True)
class References:
    """The images that something was drawn on: SOP instances with their frames (None: all), series, frames of reference.

    Frames are counted from 1, as DICOM does.
    """

    images: frozenset[tuple[str, int | None]]
    series_uids: frozenset[str]
    frames_of_reference: frozenset[str]

    def names(self, image: ArchiveImage) -> bool:
        """Whether the image, or its frame, is one of them."""
        uid = image["SOPInstanceUID"]
        return (uid, None) in self.images or (image.frame is not None and (uid, image.frame + 1) in self.images)


@dataclass(frozen=True)
class Structure:
    """One segment or one contoured structure: its number and name in the object, and whether it is the tumour."""

    number: int
    name: str
    judged: TumourName
    references: References


@dataclass(frozen=True)
class VoiObject:
    """A SEG or an RTSTRUCT; ``text`` names it for a person without its file's name, which may be the patient's."""

    path: Path
    modality: str
    text: str
    structures: tuple[Structure, ...]

    def tumours(self) -> list[Structure]:
        """What is drawn of tumours: what is called so, or else the only structure if its name says nothing.

        Raises ValueError with the list of what there is if none can be told.
        """
        found = [one for one in self.structures if one.judged.is_tumour]
        neutral = [one for one in self.structures if one.judged.is_tumour is None]
        if not found and len(neutral) == 1:
            found = neutral
        if found:
            return found
        if not self.structures:
            raise ValueError(f"{self.text} holds nothing.")
        listed = ", ".join(
            one.name + (f" ({one.judged.why_not})" if one.judged.why_not else "") for one in self.structures
        )
        raise ValueError(
            f"{self.text} holds {listed}; which is the tumour cannot be told; rename "
            "its segment or contour, or draw the VOI."
        )


def read_voi_objects(series: ArchiveSeries) -> Iterator[VoiObject | str]:
    """Each SEG or RTSTRUCT of a series, or a sentence naming one that cannot be read."""
    for count, image in enumerate(series.images, start=1):
        text = f"{image['Modality']} of series {series.number}"
        if len(series.images) > 1:
            text += f", object {count} of {len(series.images)}"
        try:
            dataset = open_dicom(image.path)
            if dataset is None:
                raise ValueError("it is not DICOM")
            read = _segments if image["Modality"] == "SEG" else _contoured
            yield VoiObject(image.path, image["Modality"], text, tuple(read(dataset)))
        except Exception as error:
            # pydicom raises many kinds for what makes no sense.
            yield f"{text} is damaged or cut off ({error}); export it again."


def _segments(dataset: Dataset) -> Iterator[Structure]:
    references = _references(dataset)
    for segment in dataset.SegmentSequence:
        if segment.SegmentNumber == 0:
            # The background of a labelmap.
            continue
        category = segment.get("SegmentedPropertyCategoryCodeSequence")
        code = str(category[0].get("CodeValue", "")) if category else ""
        name = str(segment.SegmentLabel)
        yield Structure(int(segment.SegmentNumber), name, judge_name(name, code), references)


def _contoured(dataset: Dataset) -> Iterator[Structure]:
    whole = _references(dataset)
    drawn = {int(one.ReferencedROINumber): one for one in dataset.get("ROIContourSequence") or ()}
    for structure in dataset.StructureSetROISequence:
        number, name = int(structure.ROINumber), str(structure.get("ROIName", ""))
        own = _references(drawn[number]) if number in drawn else None
        if own is None or not own.images:
            references = whole
        else:
            references = References(own.images, whole.series_uids, whole.frames_of_reference)
        yield Structure(number, name, judge_name(name), references)


def _references(dataset: Dataset) -> References:
    images: set[tuple[str, int | None]] = set()
    series: set[str] = set()
    frames_of_reference = {str(uid) for uid in [dataset.get("FrameOfReferenceUID")] if uid}
    for item in _items(dataset):
        if uid := item.get("ReferencedSOPInstanceUID"):
            frames = item.get("ReferencedFrameNumber")
            numbers = [None] if frames is None else [frames] if isinstance(frames, int) else list(frames)
            images |= {(str(uid), None if number is None else int(number)) for number in numbers}
        if uid := item.get("SeriesInstanceUID"):
            series.add(str(uid))
        for keyword in ("FrameOfReferenceUID", "ReferencedFrameOfReferenceUID"):
            if uid := item.get(keyword):
                frames_of_reference.add(str(uid))
    return References(frozenset(images), frozenset(series), frozenset(frames_of_reference))


def _items(dataset: Dataset) -> Iterator[Dataset]:
    """The data sets within a data set, of every depth."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield item
                yield from _items(item)
