"""The phantom patient in Slicer's module Sample Data."""

from __future__ import annotations

from pathlib import Path

from ..scene.i18n import _
from ..scene.sample_patient import loadSamplePatient

SAMPLE_NAME = "TACEResponsePhantom"


def registerSampleData() -> None:
    """Offer the sample patient; the volumes are computed, nothing is downloaded."""
    import SampleData

    icon = Path(__file__).resolve().parents[2] / "Resources" / "Icons" / "TACEResponse.png"
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=_("TACE response"),
        sampleName=SAMPLE_NAME,
        uris=[],
        fileNames=[],
        thumbnailFileName=str(icon),
        customDownloader=lambda source: list(loadSamplePatient().volumes.values()),
    )
