"""Make the stored values of ``tace-response self-check`` with PyRadiomics.

    python Testing/tools/make_self_check_reference.py

writes TACEResponse/TACEResponseLib/features/self_check_reference.json. The native engine has no part in it: PyRadiomics
does its own resampling of the phantom's canonical images.
"""

from __future__ import annotations

import json

import numpy as np
import SimpleITK as sitk
from TACEResponseLib.cohort import replace_file
from TACEResponseLib.features import PAPER_SETTINGS, get_engine, get_feature_set
from TACEResponseLib.features.self_check import FEATURE_SET, REFERENCE_PATH, input_hashes
from TACEResponseLib.features.self_check_phantom import self_check_phantom


def main() -> None:
    """Compute and write the reference."""
    engine = get_engine("pyradiomics")
    phantom = self_check_phantom()
    values: dict[str, float] = {}
    for sequence, voi in phantom.items():
        result = engine.compute(voi, PAPER_SETTINGS, get_feature_set(FEATURE_SET).feature_names)
        if result.undefined:
            raise ValueError(f"{sequence}: PyRadiomics has no value for {', '.join(result.undefined)}.")
        values |= {f"{sequence}_{name}": value for name, value in result.values.items()}
    reference = {
        "what": "Features of the self-check's phantom",
        "made_by": "Testing/tools/make_self_check_reference.py",
        "made_with": {
            "PyRadiomics": engine.version,
            "NumPy": np.__version__,
            "SimpleITK": sitk.Version.VersionString(),
        },
        "settings": PAPER_SETTINGS.as_dict(),
        "feature_set": FEATURE_SET,
        "input_sha256": input_hashes(phantom),
        "values": values,
    }
    replace_file(REFERENCE_PATH, (json.dumps(reference, indent=1) + "\n").encode("utf-8"))


if __name__ == "__main__":
    main()
