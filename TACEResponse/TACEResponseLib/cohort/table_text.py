"""The text of a table, whatever encoding a spreadsheet or a hospital's system saved it in, or a refusal."""

from __future__ import annotations

import codecs
import re
import stat
from dataclasses import dataclass
from pathlib import Path

LARGEST_BYTES = 128 * 2**20

_SAVE_AS = "save it as CSV UTF-8"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_KINDS = (
    (b"PK\x03\x04", "a workbook (Excel or OpenDocument)"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a compressed file"),
)


@dataclass(frozen=True)
class _EightBit:
    """An encoding of Western European spreadsheets: its letters, capitals, signs beside words, words of one letter."""

    name: str
    letters: frozenset[int]
    capitals: frozenset[int]
    signs: frozenset[int]
    alone: frozenset[int]

    def text(self, raw: bytes) -> str | None:
        """The text, or None where it does not decode or gives no words."""
        try:
            text = raw.decode(self.name)
        except UnicodeDecodeError:
            return None
        return text if all(map(self._is_word, _WORD.findall(raw))) else None

    def _is_word(self, word: bytes) -> bool:
        word = word.strip(bytes(self.signs))
        if len(word) == 1:
            return word[0] < 0x80 or word[0] in self.alone
        beside = 0
        for before, byte, after in zip(b" " + word, word, word[1:] + b" ", strict=False):
            beside = beside + 1 if byte in self.letters else 0
            if byte >= 0x80 and byte not in self.letters | _IN_WORDS & self.signs:
                return False
            # A capital beside a small letter, unless it is the first, is the other encoding's: MŸller is Müller.
            is_inside = before not in b" '" and before not in _IN_WORDS
            if is_inside and byte in self.capitals and (chr(before).islower() or chr(after).islower()):
                return False
            if beside > _MOST_IN_A_ROW:
                return False
        return True


_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_IN_WORDS = frozenset((0x92, 0xD5, 0xB5))
"""Apostrophes of the two encodings, and the micro sign of both."""
_SAMPLE = 100
_MOST_IN_A_ROW = 2
"""Western European words have at most two letters outside ASCII beside each other; those of other scripts have more."""

_WINDOWS = _EightBit(
    "cp1252",
    frozenset((*range(0xC0, 0xD7), *range(0xD8, 0xF7), *range(0xF8, 0x100), 0x8A, 0x8C, 0x8E, 0x9A, 0x9C, 0x9E, 0x9F)),
    frozenset((*range(0xC0, 0xD7), *range(0xD8, 0xDF), 0x8A, 0x8C, 0x8E, 0x9F)),
    frozenset(
        (0x80, 0x85, *range(0x91, 0x98), 0x99, 0xA0, 0xA7, 0xAB, *range(0xB0, 0xB6), 0xB7, *range(0xBA, 0xBF), 0xD7)
    ),
    frozenset("àèéóôÀÉ".encode("cp1252")),
)
_MAC = _EightBit(
    "mac-roman",
    frozenset((*range(0x80, 0xA0), 0xA7, 0xAE, 0xAF, 0xBE, 0xBF, 0xCB, 0xCC, 0xCD, 0xCE, 0xCF, 0xD8, 0xD9)),
    frozenset((*range(0x80, 0x87), 0xAE, 0xAF, 0xCB, 0xCC, 0xCD, 0xCE, 0xD9)),
    frozenset((0xA1, 0xA4, *range(0xB1, 0xB4), 0xB5, 0xBB, 0xBC, *range(0xC7, 0xCB), *range(0xD0, 0xD7), 0xDB)),
    frozenset("àèéÀÉ".encode("mac-roman")),
)


def read_text(path: Path) -> str:
    """The text of the file.

    UTF-8 with or without a byte-order mark, UTF-16 and UTF-32 with it, and Windows-1252 or Mac Roman where its words
    can only be one of the two. Raises ValueError, without the file's name, for a file that cannot be read, is not a
    regular file, is too large, or whose encoding is not clear.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path} is not a file; give the path of a CSV file.")
        if status.st_size > LARGEST_BYTES:
            raise ValueError(
                f"the file has {status.st_size / 2**20:.0f} MB, more than the {LARGEST_BYTES // 2**20} MB that a table "
                "may have; check the path."
            )
        raw = path.read_bytes()
    except OSError as error:
        raise ValueError(f"the file cannot be read ({error.strerror}); check the path {path}.") from error
    return decoded(raw)


def decoded(raw: bytes) -> str:
    """The text of a file's bytes; see `read_text`."""
    for start, kind in _OTHER_KINDS:
        if raw.startswith(start):
            raise ValueError(f"the file is {kind}, not CSV; open it in a spreadsheet program and {_SAVE_AS}.")
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), None)
    start = raw[: 2 * _SAMPLE]
    for first_byte, name in ((0, "utf-16-be"), (1, "utf-16-le")):
        # UTF-16 without its mark: one byte of each Latin letter is zero, and none of the others.
        if (
            encoding is None
            and 4 * start[first_byte::2].count(0) > len(start)
            and not start[1 - first_byte :: 2].count(0)
        ):
            encoding = name
    try:
        text = raw.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding is not None:
            raise ValueError(f"the file is damaged text or not text; {_SAVE_AS}.") from error
        is_cut = error.end == len(raw) and error.reason == "unexpected end of data"
        if is_cut or not raw.decode("utf-8", errors="ignore").isascii():
            # Other encodings have no letters that are whole in UTF-8.
            raise ValueError(f"the file is damaged UTF-8; export it again and {_SAVE_AS}.") from error
        text = _eight_bit_text(raw)
    if "\0" in text:
        raise ValueError(f"the file holds zero bytes and is not text; {_SAVE_AS}.")
    return text


def _eight_bit_text(raw: bytes) -> str:
    """The text by the one encoding that gives words. Raises ValueError where that is not clear."""
    texts = {text for encoding in (_WINDOWS, _MAC) if (text := encoding.text(raw)) is not None}
    if len(texts) != 1:
        raise ValueError(f"the encoding of the file is not clear; {_SAVE_AS}.")
    return texts.pop()
