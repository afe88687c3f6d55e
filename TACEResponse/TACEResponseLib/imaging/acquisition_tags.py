"""What a file says about its acquisition, whatever its format."""

from __future__ import annotations

from collections.abc import Mapping

from ..cohort import AcquisitionTags

PHANTOM_KEY = "PHANTOM"
"""Header key of a NRRD or MHA file that marks a synthetic patient; its value says what made it."""

DICOM_TAGS = {
    "PatientID": "0010|0020",
    "StudyDate": "0008|0020",
    "FrameOfReferenceUID": "0020|0052",
    "ContrastBolusAgent": "0018|0010",
    "SeriesDescription": "0008|103e",
    "ImageComments": "0020|4000",
    "LossyImageCompression": "0028|2110",
}
"""DICOM keyword to SimpleITK's metadata key. NRRD and MHA files may carry either as a header key."""

_NIFTI_DESCRIPTION = "descrip"


def is_phantom(metadata: Mapping[str, str]) -> bool:
    """Whether a volume's own metadata marks it as synthetic.

    One of: the header key ``PHANTOM`` (NRRD, MHA); DICOM ImageComments (0020,4000) or NIfTI's description field
    ``descrip`` starting with "PHANTOM". `TACEResponseLib.phantom` writes exactly these. File names do not count.
    """
    comments = (_value(metadata, "ImageComments") or "", metadata.get(_NIFTI_DESCRIPTION, ""))
    return PHANTOM_KEY in metadata or any(text.startswith(PHANTOM_KEY) for text in comments)


def acquisition_tags(metadata: Mapping[str, str]) -> AcquisitionTags:
    """The tags that the input checks compare, from SimpleITK's metadata of a file or of a DICOM slice.

    Keys are DICOM keywords (``PatientID``) or SimpleITK's tags (``0010|0020``); absent or empty ones become None.
    A date written as 2021-03-04 or 2021.03.04 becomes 20210304.
    """
    date = _value(metadata, "StudyDate")
    return AcquisitionTags(
        patient_id=_value(metadata, "PatientID"),
        study_date=None if date is None else date.replace("-", "").replace(".", ""),
        frame_of_reference_uid=_value(metadata, "FrameOfReferenceUID"),
        contrast_agent=_value(metadata, "ContrastBolusAgent"),
        series_description=_value(metadata, "SeriesDescription"),
        is_phantom=is_phantom(metadata),
        lossy=_value(metadata, "LossyImageCompression") == "01",
    )


def clean_text(text: str) -> str:
    """A metadata value without padding. Bytes that are no UTF-8, as in older DICOM, are read as Latin-1."""
    raw = text.encode("utf-8", "surrogateescape")
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError:
        decoded = raw.decode("latin-1")
    return decoded.strip(" \0\r\n\t")


def _value(metadata: Mapping[str, str], keyword: str) -> str | None:
    text = metadata.get(keyword) or metadata.get(DICOM_TAGS[keyword]) or ""
    return clean_text(text) or None
