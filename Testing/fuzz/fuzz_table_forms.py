"""Tables as spreadsheets, exports and damaged disks leave them, whose true cells are known.

Half of the tables are legal forms of known cells: any encoding, separator, line end, decimal sign, quoting and padding.
They must be read as they are; a refusal counts as silent, too, as nothing is wrong with them. The other half are
changed in some bytes. Another text is another valid table, which nobody can tell from a typed one: what is read must
then be what Python's own csv module finds in the changed bytes by the separator and one of the encodings that the
reader knows, and every number must be the one that the cell shows.
"""

from __future__ import annotations

import csv
import io
import math
import random
import re
import unicodedata
from pathlib import Path

from TACEResponseLib.cohort import AFP, AST, CHILD_PUGH, Between, ManifestError, Table, read_manifest, read_table
from TACEResponseLib.cohort.table_writing import safe_cell
from TACEResponseLib.features import read_feature_table

_IDENTIFIERS = ("P1", "000123", "1.200", "1,5", "Müller", "Åsa", "Mu\u0308ller-2", "1E5", "-1", "=1+1", "P 01", "7.0")
_WIDE = ("王小明", "Петров", "Ünal 7", "Dvořák")
_NOTES = ("", "3 T", "a,b", "x;y", "1\t2", 'say "no"', "two\nlines", "=1+1", "@x", "Größe", "1|2", " ", "à jeun")
_ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac-roman")
_READ_AS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac-roman")
_HEADER = ("patient_id", "child_pugh", "afp_ng_ml", "ast_u_l", "note")


class _Form:
    """How one table is written."""

    def __init__(self, chance: random.Random, wide: bool) -> None:
        self.chance = chance
        self.encoding = chance.choice(_ENCODINGS[:7] if wide else _ENCODINGS)
        self.separator = chance.choice(",,;;;\t\t|")
        self.end = chance.choice(("\n", "\r\n", "\r"))
        self.comma = self.separator != "," and chance.random() < 0.6
        self.all_quoted = chance.random() < 0.2
        self.named = chance.random() < 0.15
        self.blank_columns = chance.choice((0, 0, 0, 1, 3))

    def number(self, value: float) -> str:
        """A number in this table, never one that could be read in two ways."""
        text = repr(value).removesuffix(".0")
        if self.separator != "," and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", text):
            text += "0"
        elif self.comma and value >= 1000 and "." in text and "e" not in text and self.chance.random() < 0.5:
            whole, _, decimals = text.partition(".")
            return f"{int(whole):,}".replace(",", ".") + f",{decimals}"
        return text.replace(".", ",") if self.comma else text

    def cell(self, text: str) -> str:
        text = safe_cell(text) if self.chance.random() < 0.5 else text
        padding = self.chance.choice(("", "", "", " ", "\u00a0")) if self.encoding != "mac-roman" else ""
        text = f"{padding}{text}{padding}"
        if self.all_quoted or re.search(rf'["\r\n]|{re.escape(self.separator)}', text):
            return '"' + text.replace('"', '""') + '"'
        return text

    def written(self, rows: list[list[str]]) -> bytes:
        lines = [self.separator.join(map(self.cell, row)) + self.separator * self.blank_columns for row in rows]
        if self.chance.random() < 0.3:
            lines.append(self.separator * self.blank_columns)
        text = self.end.join(lines) + self.chance.choice(("", self.end, self.end * 3))
        if self.named:
            text = f"sep={self.separator}{self.end}{text}"
        if self.encoding in ("cp1252", "mac-roman"):
            text = unicodedata.normalize("NFC", text)
        return text.encode(self.encoding)


def manifest_form_case(seed: int, folder: Path) -> tuple[str, str]:
    """A manifest with identifiers, three facts and a note."""
    chance = random.Random(seed)
    wide = chance.random() < 0.2
    form = _Form(chance, wide)
    names = chance.sample(_IDENTIFIERS + _WIDE if wide else _IDENTIFIERS, chance.randrange(1, 6))
    truth = [
        (name, chance.choice(("", "A", "B7", "C15")), chance.choice((None, 12.5, 1234.5, "<20", ">400", 60500.0)),
         chance.choice((None, 41.0, 35.5, round(chance.uniform(5, 5000), chance.randrange(5)))), chance.choice(_NOTES))
        for name in names
    ]  # fmt: skip
    rows = [list(_HEADER), *([*row[:2], *(_shown(form, value) for value in row[2:4]), row[4]] for row in truth)]
    path = folder / "table.csv"
    path.write_bytes(form.written(rows))
    if chance.random() < 0.5:
        return _judged_truth(path, truth)
    path.write_bytes(_changed(path.read_bytes(), chance))
    return _judged_cells(path)


def feature_table_form_case(seed: int, folder: Path) -> tuple[str, str]:
    """A feature table from elsewhere, of numbers with all their digits."""
    chance = random.Random(seed)
    form = _Form(chance, wide=False)
    names = ["patient_id", *(f"AP_firstorder_F{number}" for number in range(chance.randrange(1, 6)))]
    numbers = [0.1 + 0.2, 1 / 3, -1e-7 / 3, 12.345, 1e22, 100.0, 7.0, -0.5, math.nan]
    identifiers = chance.sample(_IDENTIFIERS, chance.randrange(1, 5))
    truth = [[chance.choice(numbers) for _ in names[1:]] for _ in identifiers]
    cells = [
        ["" if math.isnan(one) else repr(one).replace(".", "," if form.comma else ".") for one in row] for row in truth
    ]
    path = folder / "table.csv"
    path.write_bytes(form.written([names, *([name, *row] for name, row in zip(identifiers, cells, strict=True))]))
    is_legal = chance.random() < 0.5
    if not is_legal:
        path.write_bytes(_changed(path.read_bytes(), chance))
    try:
        table = read_feature_table(path)
    except ValueError as error:
        return _refusal(str(error), is_legal)
    if is_legal:
        found = [("" if math.isnan(one) else one) for row in table.values.tolist() for one in row]
        return _verdict(found == [("" if math.isnan(one) else one) for row in truth for one in row], found)
    shown = read_table(path).records()
    has_commas = any("," in cell for _, row in shown for name, cell in row.items() if name in table.names)
    for (_, row), values in zip(shown, table.values.tolist(), strict=True):
        for name, value in zip(table.names, values, strict=True):
            cell = row[name].replace(",", "." if has_commas else ",")
            if not (math.isnan(value) and cell == "") and float(cell) != value:
                return "silent", f"{row[name]!r} was read as {value}"
    return _judged_cells(path)


def _shown(form: _Form, value: float | str | None) -> str:
    return "" if value is None else value if isinstance(value, str) else form.number(value)


def _judged_truth(path: Path, truth: list) -> tuple[str, str]:
    try:
        cases = read_manifest(path)
    except ManifestError as error:
        return _refusal(str(error), is_legal=True)
    limits = {"<20": Between.below(20.0), ">400": Between.above(400.0)}
    for case, (name, grade, afp, ast, note) in zip(cases, truth, strict=True):
        known = case.clinical
        found = (case.key.patient_id, known.cells()[CHILD_PUGH.column], known.get(AFP), known.get(AST))
        expected = (name.replace("u\u0308", "ü"), grade, limits.get(afp, afp), ast)
        if found != expected or case.columns["note"] != note.strip():
            return "silent", f"{expected} {note!r} was read as {found} {case.columns['note']!r}"
    return "right", ""


def _judged_cells(path: Path) -> tuple[str, str]:
    """Whether the cells that were read stand in the file, and every fact is the number of its cell."""
    try:
        table = read_table(path)
    except ValueError as error:
        return _refusal(str(error), is_legal=False)
    raw, found = path.read_bytes(), _read_cells(table)
    if not any(_cells_of(raw, encoding, table, named) == found for encoding in _READ_AS for named in (False, True)):
        return "silent", f"cells that do not stand there: {found!r}"
    try:
        cases = read_manifest(path)
    except ManifestError as error:
        return _refusal(str(error), is_legal=False)
    for case, row in zip(cases, table.rows, strict=True):
        cells = dict(zip(table.header, row.cells, strict=True))
        for fact in (AFP, AST):
            cell, value = cells.get(fact.column, ""), case.clinical.get(fact)
            if isinstance(value, float) and value not in _numbers(cell, fact.unit):
                return "silent", f"{cell!r} was read as {value}"
            if (value is None) != (cell == ""):
                return "silent", f"{cell!r} was passed over"
    return "right", ""


def _cells_of(raw: bytes, encoding: str, table: Table, named: bool) -> list[list[str]] | None:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return None
    text = text.removeprefix("\ufeff")
    lines = text.splitlines(keepends=True)
    rows = csv.reader(io.StringIO("".join(lines[named:]), newline=""), delimiter=table.separator)
    return [[*filter(None, map(_bare, row))] for row in rows if any(map(str.strip, row))]


def _read_cells(table: Table) -> list[list[str]]:
    rows = (table.header, *(row.cells for row in table.rows))
    return [[*filter(None, map(_bare, cells))] for cells in rows if any(cells)]


def _bare(cell: str) -> str:
    return re.sub(r"^['\s\ufeff\u200b\u200e\u200f\u2060]+|[\s\ufeff\u200b\u200e\u200f\u2060]+$", "", cell).replace(
        "'", ""
    )


def _numbers(cell: str, unit: str) -> set[float]:
    """The numbers that a person may see in a cell; one that can be read in two ways has none."""
    text = re.sub(rf"(?i)\s*{re.escape(unit)}$", "", cell)
    text = re.sub(r"(?<=\d)[ \u00a0\u202f\u2009'](?=\d{3}(\D|$))", "", text)
    if len(re.findall("[.,]", text)) > 1:
        last = max(text.rfind("."), text.rfind(","))
        signs = set(re.findall("[.,]", text))
        text = re.sub("[.,]", "", text[:last]) + ("." if len(signs) == 2 else "") + text[last + 1 :]
    try:
        return {float(text.replace(",", "."))}
    except ValueError:
        return set()


def _changed(raw: bytes, chance: random.Random) -> bytes:
    """Bytes lost, repeated, doubled or replaced, most often by those that tables are made of."""
    changed = bytearray(raw)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at, length = chance.randrange(len(changed) + 1), chance.choice((1, 1, 2, 8, 40))
        piece = chance.choice((b",", b";", b"\t", b'"', b"\n", b"\r", b".", b"0", b"\0", b"\xff", b"\xe9", b"'", b"="))
        kind = chance.randrange(5)
        if kind == 0:
            del changed[at : at + length]
        elif kind == 1:
            changed[at:at] = piece
        elif kind == 2:
            changed[at : at + 1] = piece
        elif kind == 3:
            changed[at:at] = changed[at : at + length]
        else:
            changed[at:at] = chance.randbytes(length)
    return bytes(changed)


def _refusal(text: str, is_legal: bool) -> tuple[str, str]:
    first = text.partition("\n")[2].splitlines() or [text]
    if not all(line.rstrip().endswith((".", "?")) for line in first):
        return "crash", f"not a sentence: {text[:300]}"
    return ("silent", f"a legal table was refused: {text[:300]}") if is_legal else ("refused", "")


def _verdict(is_right: bool, found: object) -> tuple[str, str]:
    return ("right", "") if is_right else ("silent", f"read as {found!r}")
