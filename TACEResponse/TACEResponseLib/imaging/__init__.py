"""Reading a case's images into canonical form, the input checks before extraction, and resampling."""

from .between_sequences import check_between_sequences
from .canonical import canonical_voi, read_voi
from .case_images import SEQUENCES_AT_ONCE, read_case_images
from .input_checks import check_native_voi, check_resampled_voi, count_bins
from .measurements import centre_lps_mm, largest_diameter_mm, largest_in_plane_diameter_mm, slice_axis, volume_ml
from .resampling import resample
from .voi import CaseImages, ResampledVoi, Voi

__all__ = [
    "SEQUENCES_AT_ONCE",
    "CaseImages",
    "ResampledVoi",
    "Voi",
    "canonical_voi",
    "centre_lps_mm",
    "check_between_sequences",
    "check_native_voi",
    "check_resampled_voi",
    "count_bins",
    "largest_diameter_mm",
    "largest_in_plane_diameter_mm",
    "read_case_images",
    "read_voi",
    "resample",
    "slice_axis",
    "volume_ml",
]
