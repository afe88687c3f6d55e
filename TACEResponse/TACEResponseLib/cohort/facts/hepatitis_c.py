"""Chronic hepatitis C."""

from .yes_or_no import yes_or_no

HEPATITIS_C = yes_or_no(
    "hepatitis_c",
    "hepatitis C",
)
