"""The SHA-256 of the models that this version ships: whether a bundle is one of them, whatever it calls itself.

`Testing/tools/update_shipped_models.py` writes the table from ``trained_models``; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping

SHIPPED_SHA256: Mapping[str, str] = {
    "phantom-cd": "a18e572ce95d769907577fb07913f4f242505f86d2ad48286e659c56b1028e9a",
    "published-clinical": "3927e3bf4d267490d11b3c8302e88abbf5d61039af2efc56ecb54762143ccd9c",
}
"""Name: the bundle's own SHA-256, which covers its parameters, arrays and card."""


def is_shipped(name: str, sha256: str) -> bool:
    """Whether a bundle of this name and SHA-256 came with this version."""
    return SHIPPED_SHA256.get(name) == sha256


def shipped_text(name: str, sha256: str) -> str:
    """E.g. "shipped with this version", for panel and reports."""
    return "shipped with this version" if is_shipped(name, sha256) else "not shipped with this version"
