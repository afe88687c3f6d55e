"""DICOM tags as text: of a single image, or of every frame of an enhanced multi-frame object under the classic names.

An enhanced object (DICOM PS3.3 C.7.6.16) keeps what differs between its images in functional groups, one set a frame
and one shared by all, and gives several tags other names. Told apart here once, a frame reads like a single image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

_ENHANCED_NAMES = {
    "TemporalPositionIdentifier": ("TemporalPositionIndex",),
    "AcquisitionNumber": ("FrameAcquisitionNumber",),
    "AcquisitionTime": ("FrameAcquisitionDateTime", "FrameReferenceDateTime", "AcquisitionDateTime"),
    "TriggerTime": ("NominalCardiacTriggerDelayTime",),
    "EchoTime": ("EffectiveEchoTime",),
    "ImageType": ("FrameType",),
    "InstanceNumber": ("InStackPositionNumber",),
}
"""Classic keyword: the names that enhanced objects use instead, the first that is there counts."""

FRAME_KEYWORDS = (
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "ContrastBolusAgentSequence",
    *(name for names in _ENHANCED_NAMES.values() for name in names),
)
"""The elements of an object, beside those asked for, that `image_tags` reads."""

_DATE_DIGITS = 8
_PADDING = " \0\r\n\t"
_PLAIN_TEXT = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "PN", "SH", "TM", "UI"})
"""Value representations that are text in the file."""


def image_tags(dataset: Dataset, keywords: Sequence[str]) -> list[dict[str, str]]:
    """The tags of every image in a DICOM object.

    Parameters
    ----------
    dataset : Dataset
        Of a single image, or of an enhanced multi-frame object with its functional groups.
    keywords : sequence of str
        Classic DICOM keywords, such as ``AcquisitionTime``.

    Returns
    -------
    list of dict
        One for each frame, in the order of the frames: keyword to text; several values are joined by a backslash, what
        is absent is left out.

    Raises
    ------
    ValueError
        For a multi-frame object without functional groups, or with another number of them than of frames.
    """
    whole = dataset_tags(dataset, keywords)
    frames = frame_count(dataset)
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    if groups is None and frames == 1:
        return [whole]
    if not groups:
        raise ValueError("it holds several images in one file, but does not say where each of them lies")
    if len(groups) != frames:
        raise ValueError(f"it promises {frames} frames and describes {len(groups)}")
    shared_groups = dataset.get("SharedFunctionalGroupsSequence")
    shared = _group_tags(shared_groups[0], keywords) if shared_groups else {}
    whole |= _contrast_tags(dataset, keywords)
    return [whole | shared | _group_tags(group, keywords) for group in groups]


def dataset_tags(dataset: Dataset, keywords: Sequence[str]) -> dict[str, str]:
    """The texts of these keywords in one data set, without the absent and the unreadable ones."""
    tags = {}
    for keyword in keywords:
        text = next((text for name in _names(keyword) if (text := element_text(dataset, name))), "")
        if text and keyword == "AcquisitionTime":
            text = _time_of_day(text)
        if text:
            tags[keyword] = text
    return tags


def frame_count(dataset: Dataset) -> int:
    """NumberOfFrames, 1 where it is absent. Raises ValueError if it is not a positive whole number."""
    text = element_text(dataset, "NumberOfFrames") or "1"
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"its NumberOfFrames is {text!r}")
    return int(text)


def _names(keyword: str) -> tuple[str, ...]:
    return (keyword, *_ENHANCED_NAMES.get(keyword, ()))


def _group_tags(group: Dataset, keywords: Sequence[str]) -> dict[str, str]:
    """The tags of all functional groups of one frame, which each are a sequence of one item."""
    tags: dict[str, str] = {}
    for item in _items(group):
        tags |= dataset_tags(item, keywords)
    return tags


def _items(group: Dataset) -> Iterator[Dataset]:
    for element in group:
        if element.VR == "SQ" and element.value:
            yield element.value[0]


def _contrast_tags(dataset: Dataset, keywords: Sequence[str]) -> dict[str, str]:
    """Agent and start of the injection, which enhanced objects keep in a sequence of their own (C.7.6.4b)."""
    agents = dataset.get("ContrastBolusAgentSequence")
    if not agents:
        return {}
    found = {"ContrastBolusAgent": element_text(agents[0], "CodeMeaning")}
    if profiles := agents[0].get("ContrastBolusAdministrationProfileSequence"):
        found["ContrastBolusStartTime"] = element_text(profiles[0], "ContrastBolusStartTime")
    return {keyword: text for keyword, text in found.items() if text and keyword in keywords}


def element_text(dataset: Dataset, keyword: str) -> str:
    """A value as text, "" if it is absent or cannot be understood; several values are joined by a backslash.

    Most values are plain ASCII, which is taken as it stands in the file: pydicom converts values at some cost.
    """
    tag = _tag(keyword)
    if tag is None or tag not in dataset:
        return ""
    element: Any = dataset.get_item(tag)
    raw = element.value
    if isinstance(raw, bytes) and element.VR in _PLAIN_TEXT and raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii").strip(_PADDING)
    try:
        value = dataset[tag].value
    except Exception:
        # pydicom raises many kinds for values that do not fit their type; such a value says nothing.
        return ""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("latin-1").strip(_PADDING)
    if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue":
        return "\\".join(str(one) for one in value)
    return str(value).strip(_PADDING)


@cache
def _tag(keyword: str) -> int | None:
    from pydicom.datadict import tag_for_keyword

    return tag_for_keyword(keyword)


def _time_of_day(text: str) -> str:
    """HHMMSS.ffffff, also of a date with time (YYYYMMDDHHMMSS.ffffff&ZZXX)."""
    digits = text.split("+")[0].split("-")[0]
    return digits[_DATE_DIGITS:] if len(digits.split(".")[0]) > _DATE_DIGITS else text
