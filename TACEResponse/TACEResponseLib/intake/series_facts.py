"""What is known of a series before its voxels are read, whoever read it: an archive's tags or a Slicer node's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

DICOM_KEYWORDS = (
    "SeriesDescription",
    "ProtocolName",
    "ImageType",
    "ContrastBolusAgent",
    "ContrastBolusStartTime",
    "AcquisitionTime",
    "AcquisitionDateTime",
    "SeriesTime",
    "TemporalPositionIdentifier",
    "ImageOrientationPatient",
    "RepetitionTime",
    "EchoTime",
)
"""The keywords that `facts_from_dicom` reads."""

_DATE_DIGITS = 8
_DAY_S = 86_400.0
_NEAR_MIDNIGHT_S = 7_200.0


@dataclass(frozen=True)
class SeriesFacts:
    """One series, or one phase of a series with several.

    ``identifier`` is the caller's own (a node's ID, a series UID). Times of day are seconds after midnight, over
    86,400 after the midnight within an examination. ``plane``
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
        acquired_at_s, started_at_s = moments_s([self.acquired_at_s, self.contrast_started_at_s])
        if acquired_at_s is None or started_at_s is None:
            return None
        delay_s = acquired_at_s - started_at_s
        # Many scanners copy the acquisition's own time into the contrast's: that says nothing.
        return None if 0 <= delay_s < 5 else delay_s


def facts_from_dicom(identifier: str, tags: Mapping[str, str], slice_count: int | None = None) -> SeriesFacts:
    """Facts from DICOM tags by keyword (`DICOM_KEYWORDS`); several values are joined by a backslash, absent ones ""."""
    position = number_of(tags.get("TemporalPositionIdentifier", ""))
    return SeriesFacts(
        identifier=identifier,
        description=tags.get("SeriesDescription", ""),
        protocol=tags.get("ProtocolName", ""),
        image_type=tuple(value.strip().upper() for value in tags.get("ImageType", "").split("\\") if value.strip()),
        contrast_agent=tags.get("ContrastBolusAgent", ""),
        acquired_at_s=acquisition_time_s(tags),
        contrast_started_at_s=time_of_day_s(tags.get("ContrastBolusStartTime", "")),
        temporal_position=None if position is None else int(position),
        plane=_plane(tags.get("ImageOrientationPatient", "")),
        slice_count=slice_count,
        repetition_time_ms=number_of(tags.get("RepetitionTime", "")),
        echo_time_ms=number_of(tags.get("EchoTime", "")),
    )


def acquisition_time_s(tags: Mapping[str, str]) -> float | None:
    """When the image was acquired, in seconds after midnight; the series' time where the image's own is not given."""
    whole = tags.get("AcquisitionDateTime", "")
    texts = (tags.get("AcquisitionTime", ""), whole[_DATE_DIGITS:], tags.get("SeriesTime", ""))
    return next((time_s for text in texts if (time_s := time_of_day_s(text)) is not None), None)


def number_of(text: str) -> float | None:
    """The first value of a tag as a number, None if there is none."""
    try:
        value = float(text.split("\\")[0])
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def time_of_day_s(text: str) -> float | None:
    """DICOM time HHMMSS.ffffff, of which the minutes and seconds may be absent; old files write HH:MM:SS."""
    plain = text.split("\\")[0].split("+")[0].split("-")[0]
    digits, _, fraction = plain.strip().replace(":", "").partition(".")
    if not digits.isdecimal() or len(digits) not in (2, 4, 6) or (fraction and not fraction.isdecimal()):
        return None
    hours, minutes, seconds = (int(digits[at : at + 2] or 0) for at in (0, 2, 4))
    return 3600 * hours + 60 * minutes + seconds + float(f"0.{fraction or 0}")


def moments_s(times_s: Sequence[float | None]) -> list[float | None]:
    """Times of day of one examination as times that only grow: what follows midnight gets 24 hours more.

    An examination lasts less than half a day, so that a longer gap between two times is the night before it or after
    it. A time of exactly 0, as anonymisers write it, is believed only beside others near midnight.
    """
    known = sorted({time_s for time_s in times_s if time_s})
    near_midnight = any(min(time_s, _DAY_S - time_s) < _NEAR_MIDNIGHT_S for time_s in known)
    if near_midnight and 0.0 in times_s:
        known = [0.0, *known]
    gaps = [(later - earlier, later) for earlier, later in pairwise(known)]
    longest_s, first_s = max(gaps, default=(0.0, 0.0))
    night = longest_s > _DAY_S / 2
    return [
        None
        if time_s is None or (time_s == 0 and not near_midnight)
        else time_s + (_DAY_S if night and time_s < first_s else 0.0)
        for time_s in times_s
    ]


def _plane(orientation: str) -> str | None:
    """The plane nearest to the slices, from ImageOrientationPatient."""
    try:
        row, column = (values := [float(value) for value in orientation.split("\\")])[:3], values[3:6]
        normal = [abs(row[i] * column[j] - row[j] * column[i]) for i, j in ((1, 2), (2, 0), (0, 1))]
    except (ValueError, IndexError):
        return None
    return ("sagittal", "coronal", "transverse")[normal.index(max(normal))]
