"""Whether tumour takes more than half of the liver, or is massive."""

from .yes_or_no import yes_or_no

LIVER_INVOLVEMENT = yes_or_no(
    "liver_involvement_above_half",
    "liver involvement over 50 %",
)
