"""Pseudonyms by a keyed hash (HMAC-SHA-256); the key and the list of who is who stay outside the output."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from ..cohort import read_table, write_table

_KEY_BYTES = 32
_MOST_SHIFT_DAYS = 365


class Pseudonyms:
    """Names, dates and UIDs that cannot be led back without the key; equal input, equal output."""

    def __init__(self, key: bytes, was_open_to_others: bool = False) -> None:
        self._key = key
        self.was_open_to_others = was_open_to_others
        """Whether the key's file could be read by others; it was closed to them then."""

    @classmethod
    def from_file(cls, path: Path, output_folder: Path) -> Pseudonyms:
        """The key in ``path``, made there if there is none, readable by its owner only.

        Raises ValueError if ``path`` lies inside ``output_folder`` (whoever gets the output would get the key), cannot
        be read or made, or is not a key, or a weak one.
        """
        if output_folder.resolve() in path.resolve().parents:
            raise ValueError(
                f"The key of the pseudonyms {path} would lie in the output folder; keep it elsewhere (--key)."
            )
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                part = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(part, "w", encoding="ascii") as file:
                    file.write(secrets.token_hex(_KEY_BYTES) + "\n")
            key = bytes.fromhex(path.read_text(encoding="ascii"))
        except OSError as error:
            raise ValueError(f"The key of the pseudonyms {path} cannot be read or made: {error.strerror}.") from error
        except (ValueError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is not a key of pseudonyms; name another file (--key), or remove it.") from error
        if len(key) < _KEY_BYTES:
            raise ValueError(f"{path} is cut off or not a key of pseudonyms; name another file (--key), or remove it.")
        if _is_weak(key):
            raise ValueError(
                f"The key of the pseudonyms {path} is weak (repeated, counted or typed characters), so that pseudonyms "
                "could be led back to patients; name a new file (--key), which is then filled at random."
            )
        return cls(key, _close_to_others(path))

    def patient(self, patient_id: str) -> str:
        """E.g. "P-7F3A09C2D1B4"."""
        return f"P-{self._digest('patient', patient_id)[:12].upper()}"

    def series(self, series_uid: str, number: int = 1) -> str:
        """A short name of a series, or of one of its objects, for the review table."""
        return self._digest("series", f"{series_uid}#{number}")[:10]

    def volume(self, series_uid: str, number: int, images: Iterable[str]) -> str:
        """A short name of one of the volumes of a series: another one if it consists of other ``images``."""
        return self._digest("volume", "#".join([series_uid, str(number), *sorted(images)]))[:10]

    def uid(self, uid: str) -> str:
        """Another UID, of the root for UUIDs."""
        return f"2.25.{int(self._digest('uid', uid)[:30], 16)}"

    def shifted_date(self, patient_id: str, date: str) -> str:
        """YYYYMMDD moved back by the patient's own 1-365 days: intervals stay. What is not a date becomes empty."""
        days = 1 + int(self._digest("shift", patient_id)[:8], 16) % _MOST_SHIFT_DAYS
        try:
            return (datetime.strptime(date, "%Y%m%d") - timedelta(days=days)).strftime("%Y%m%d")
        except ValueError:
            return ""

    def _digest(self, kind: str, text: str) -> str:
        return hmac.new(self._key, f"{kind}:{text}".encode(), hashlib.sha256).hexdigest()


def _close_to_others(path: Path) -> bool:
    """Take others' rights to a file away; whether there were any. Windows knows no such rights."""
    if os.name != "posix" or not path.stat().st_mode & 0o077:
        return False
    with suppress(OSError):
        path.chmod(0o600)
    return True


def _is_weak(key: bytes) -> bool:
    """Whether a person made the key up: few different bytes, a pattern that repeats or counts, or text.

    Of 32 random bytes fewer than 16 differ in one of 10^16 keys, and all are printable in one of 10^13.
    """
    steps = {(later - earlier) % 256 for earlier, later in pairwise(key)}
    printable = all(32 <= byte < 127 for byte in key)
    return len(set(key)) < 16 or len(steps) < 8 or printable or key[: len(key) // 2] == key[len(key) // 2 :]


def write_who_is_who(key_path: Path, patients: Mapping[str, str]) -> Path:
    """Write (pseudonym, original ID) beside the key and return that file; patients of earlier runs stay in it."""
    path = key_path.with_name(f"{key_path.stem}.patients.csv")
    columns = ("patient_id", "original_id")
    known: dict[str, str] = {}
    if path.exists():
        try:
            records = read_table(path, columns).records(columns)
        except ValueError as error:
            raise ValueError(f"The list of who is who {path} cannot be read: {error} Or move it elsewhere.") from error
        known = {row["patient_id"]: row["original_id"] for _, row in records}
    write_table(path, columns, sorted({**known, **patients}.items()), private=True)
    return path
