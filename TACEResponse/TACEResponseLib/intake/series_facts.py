"""What is known of a series before its voxels are read, whoever read it: an archive's tags or a Slicer node's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DICOM_KEYWORDS = (
    "SeriesDescription",
    "ProtocolName",
    "ImageType",
    "ContrastBolusAgent",
    "ContrastBolusStartTime",
    "AcquisitionTime",
    "SeriesTime",
    "TemporalPositionIdentifier",
    "ImageOrientationPatient",
    "RepetitionTime",
    "EchoTime",
)
"""The keywords that `facts_from_dicom` reads."""


@dataclass(frozen=True)
class SeriesFacts:
    """One series, or one phase of a series with several.

    ``identifier`` is the caller's own (a node's ID, a series UID). Times of day are seconds after midnight. ``plane``
    is "transverse", "coronal", "sagittal" or None if not known; so are the other numbers. ``image_type`` are the values
    of DICOM ImageType.
    """

    identifier: str
    description: str = ""
    protocol: str = ""
    image_type: tuple[str, ...] = ()
    contrast_agent: str = ""
    acquired_at_s: float | None = None
    contrast_started_at_s: float | None = None
    temporal_position: int | None = None
    plane: str | None = None
    slice_count: int | None = None
    repetition_time_ms: float | None = None
    echo_time_ms: float | None = None

    @property
    def delay_s(self) -> float | None:
        """Seconds from the start of the contrast agent, where both times are given and differ."""
        if self.acquired_at_s is None or self.contrast_started_at_s is None:
            return None
        delay_s = self.acquired_at_s - self.contrast_started_at_s
        # Many scanners copy the acquisition's own time into the contrast's: that says nothing.
        return None if 0 <= delay_s < 5 else delay_s


def facts_from_dicom(identifier: str, tags: Mapping[str, str], slice_count: int | None = None) -> SeriesFacts:
    """Facts from DICOM tags by keyword (`DICOM_KEYWORDS`); several values are joined by a backslash, absent ones ""."""
    acquired = _time_of_day_s(tags.get("AcquisitionTime", ""))
    position = _number(tags.get("TemporalPositionIdentifier", ""))
    return SeriesFacts(
        identifier=identifier,
        description=tags.get("SeriesDescription", ""),
        protocol=tags.get("ProtocolName", ""),
        image_type=tuple(value.strip().upper() for value in tags.get("ImageType", "").split("\\") if value.strip()),
        contrast_agent=tags.get("ContrastBolusAgent", ""),
        acquired_at_s=_time_of_day_s(tags.get("SeriesTime", "")) if acquired is None else acquired,
        contrast_started_at_s=_time_of_day_s(tags.get("ContrastBolusStartTime", "")),
        temporal_position=None if position is None else int(position),
        plane=_plane(tags.get("ImageOrientationPatient", "")),
        slice_count=slice_count,
        repetition_time_ms=_number(tags.get("RepetitionTime", "")),
        echo_time_ms=_number(tags.get("EchoTime", "")),
    )


def _number(text: str) -> float | None:
    try:
        return float(text.split("\\")[0])
    except ValueError:
        return None


def _time_of_day_s(text: str) -> float | None:
    """DICOM time HHMMSS.ffffff, of which the minutes and seconds may be absent; old files write HH:MM:SS."""
    digits, _, fraction = text.split("\\")[0].strip().replace(":", "").partition(".")
    if not digits.isdecimal() or len(digits) not in (2, 4, 6) or (fraction and not fraction.isdecimal()):
        return None
    hours, minutes, seconds = (int(digits[at : at + 2] or 0) for at in (0, 2, 4))
    return 3600 * hours + 60 * minutes + seconds + float(f"0.{fraction or 0}")


def _plane(orientation: str) -> str | None:
    """The plane nearest to the slices, from ImageOrientationPatient."""
    try:
        row, column = (values := [float(value) for value in orientation.split("\\")])[:3], values[3:6]
        normal = [abs(row[i] * column[j] - row[j] * column[i]) for i, j in ((1, 2), (2, 0), (0, 1))]
    except (ValueError, IndexError):
        return None
    return ("sagittal", "coronal", "transverse")[normal.index(max(normal))]
