"""Tables as spreadsheets of all countries save them, and as they are after somebody edited or damaged them.

A table in any style whose cells were not touched must be read as it is. A cell that was changed must be read as it
stands there, by the style in which the table was written, or be refused with its row; the independent reading is
Python's csv and the style that the fuzzer knows. Anything else is called silent.
"""

from __future__ import annotations

import csv
import io
import math
import random
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from fuzz_mutators import mutated_bytes
from TACEResponseLib.cohort import read_manifest
from TACEResponseLib.features import read_feature_table

_MANIFEST = ("patient_id", "reader", "afp_ng_ml", "ast_u_l", "portal_venous_invasion", "note")
_FEATURES = ("patient_id", "lesion", "reader", "session", "AP_firstorder_Mean", "AP_shape_Sphericity")
_NUMBER_COLUMNS = {"afp_ng_ml", "ast_u_l", "AP_firstorder_Mean", "AP_shape_Sphericity"}
_CELLS = (
    *("", " ", "0", "-5", "1,200", "1.200", "12,5", "12.5", "1e3", "1E+05", "NaN", "nan", "n/a", "inf", "=1+1", "+12"),
    *("@x", "1'200", "1 200", "12_5", "0x10", "<20", ">400", "yes", "ja", "nein", "2", "1.0", "01", "00123", "P2"),
    *("P2 ", "\u00a0P2", "\u0661\u0662", "1.234.567,5", "1,234,567.5", "x" * 50_000, "a\nb", 'a"b', "\x1b[2J", ".."),
    *("CON", "1;2", "12.5.3", "1,,2"),
)


@dataclass(frozen=True)
class _Style:
    """How a program saves a table."""

    encoding: str
    separator: str
    decimal_comma: bool
    line_end: str
    quoting: int
    empty_columns: int
    empty_rows: int


def _style(chance: random.Random) -> _Style:
    separator = chance.choice(",;\t|")
    return _Style(
        chance.choice(("utf-8", "utf-8-sig", "utf-16", "cp1252")),
        separator,
        separator != "," and chance.random() < 0.6,
        chance.choice(("\n", "\r\n")),
        chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
        chance.choice((0, 0, 1, 3)),
        chance.choice((0, 0, 2)),
    )


def _number(chance: random.Random) -> str:
    return chance.choice(("12.5", "400.25", "38.75", "1520", "33", f"{chance.uniform(12, 900):.2f}"))


def _grid(columns: tuple[str, ...], chance: random.Random) -> list[list[str]]:
    rows = [list(columns)]
    for patient in ("00123", "P2", "HCC-3", "P4", "P5"):
        cells = {"patient_id": patient, "reader": "1", "lesion": "1", "session": "1", "note": "Müller-Großmann"}
        cells["portal_venous_invasion"] = chance.choice(("yes", "no"))
        rows.append([_number(chance) if name in _NUMBER_COLUMNS else cells[name] for name in columns])
    return rows


def _saved(grid: list[list[str]], style: _Style) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=style.separator, quoting=style.quoting, lineterminator=style.line_end)
    for row in grid:
        writer.writerow([*row, *[""] * style.empty_columns])
    writer.writerows([[""] * (len(grid[0]) + style.empty_columns)] * style.empty_rows)
    return text.getvalue().encode(style.encoding, "replace")


def _in_style(grid: list[list[str]], style: _Style) -> list[list[str]]:
    if not style.decimal_comma:
        return grid
    return [[cell.replace(".", ",") if re.fullmatch(r"\d+\.\d+", cell) else cell for cell in row] for row in grid]


def manifest_case(seed: int, folder: Path) -> tuple[str, str]:
    """A manifest in some style, half of them with a changed cell, row or byte."""
    return _table_case(seed, folder / "m.csv", _MANIFEST, _read_manifest)


def feature_table_case(seed: int, folder: Path) -> tuple[str, str]:
    """A feature table without provenance, likewise."""
    return _table_case(seed, folder / "f.csv", _FEATURES, _read_features)


def _table_case(seed: int, path: Path, columns: tuple[str, ...], read) -> tuple[str, str]:
    chance = random.Random(seed)
    style = _style(chance)
    grid = _in_style(_grid(columns, chance), style)
    kind = chance.randrange(4)
    if kind == 1:
        _change(grid, chance)
    content = _saved(grid, style)
    if kind == 2:
        content = mutated_bytes(content, chance, 10**9)
    path.write_bytes(content)
    try:
        found = read(path)
    except ValueError as error:
        if kind in (0, 3):
            return "silent", f"refused although valid: {error}"
        text = str(error)
        fits = text and "Traceback" not in text and len(text) < 20_000
        return ("refused", "") if fits else ("crash", f"not a message: {text[:200]}")
    return _compared(found, content, style, changed=kind in (1, 2))


def _change(grid: list[list[str]], chance: random.Random) -> None:
    row, column = chance.randrange(len(grid)), chance.randrange(len(grid[0]))
    kind = chance.randrange(7)
    if kind < 3:
        grid[chance.randrange(1, len(grid))][column] = chance.choice(_CELLS)
    elif kind == 3:
        del grid[row][column]
    elif kind == 4:
        grid[row].insert(column, chance.choice(_CELLS))
    elif kind == 5:
        grid.insert(chance.randrange(len(grid) + 1), list(grid[row]))
    else:
        grid[0][column] = chance.choice(
            ("", "AFP", "afp", "patient_id", grid[0][column] + " ", grid[0][column].upper(), "z")
        )


def _read_manifest(path: Path) -> list[dict[str, object]]:
    return [
        {
            "patient_id": case.key.patient_id,
            "reader": case.key.reader,
            **case.clinical.values,
            "note": case.columns.get("note", ""),
        }
        for case in read_manifest(path)
    ]


def _read_features(path: Path) -> list[dict[str, object]]:
    read = read_feature_table(path)
    names = read.names
    return [
        {**key._asdict(), **dict(zip(names, values, strict=True))}
        for key, values in zip(read.keys, read.values.tolist(), strict=True)
    ]


def _compared(found: list[dict[str, object]], content: bytes, style: _Style, changed: bool) -> tuple[str, str]:
    """Against the cells by Python's csv; a changed byte may have made it a file of another encoding."""
    reasons = ["read although it is not text"]
    for encoding in (style.encoding, *(("utf-8-sig", "cp1252", "mac-roman") if changed else ())):
        try:
            reasons.append(_difference(found, content.decode(encoding), style))
        except UnicodeDecodeError:
            continue
        if not reasons[-1]:
            return "right", "as changed" if changed else ""
    return "silent", "; ".join(reasons[1:] or reasons)


def _difference(found: list[dict[str, object]], text: str, style: _Style) -> str:
    rows = [
        row
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=style.separator)
        if any(cell.strip() for cell in row)
    ]
    header = [cell.strip() for cell in rows[0]] if rows else []
    records = [dict(zip(header, row, strict=False)) for row in rows[1:]]
    if len(records) != len(found):
        return f"{len(found)} rows of {len(records)}"
    for cells, values in zip(records, found, strict=True):
        for name in header:
            if name and not _means(name, cells.get(name, ""), values.get(name), style):
                return f"{name} {cells.get(name)!r} was read as {values.get(name)!r}"
    return ""


def _means(name: str, cell: str, value: object, style: _Style) -> bool:
    plain = cell.strip().strip("\ufeff\u200b\u00a0").strip()
    if name in _NUMBER_COLUMNS or isinstance(value, float):
        if not plain:
            return value is None or (isinstance(value, float) and math.isnan(value))
        if isinstance(value, float):
            return any(math.isclose(value, one, rel_tol=1e-12) for one in _numbers(plain, style))
        # Bounds such as <20 are values of their own.
        return value is not None and plain[:1] in "<>"
    if name == "portal_venous_invasion":
        known = {True: ("yes", "ja", "1", "1.0", "true"), False: ("no", "nein", "0", "0.0", "false")}
        return value is None if not plain else value is not None and plain.lower() in known[bool(value)]
    if name in ("patient_id", "reader", "lesion", "session"):
        # Composed and decomposed letters are one identifier.
        plain = unicodedata.normalize("NFC", plain)
        return str(value) == plain or (not plain and value == "1") or str(value) == plain.lstrip("'")
    # Further columns are kept as text, numbers among them with a decimal point.
    return value is None or str(value).replace(".", ",") in (
        plain.replace(".", ","),
        plain.lstrip("'").replace(".", ","),
    )


def _numbers(text: str, style: _Style) -> list[float]:
    """What the text may mean in this style; with two kinds of signs, the last separates decimals in any style."""
    text = re.sub(r"(?<=\d)[ \u00a0'](?=\d{3})", "", text)
    comma = style.decimal_comma or re.fullmatch(r"\d+,\d{1,2}", text) is not None
    if "," in text and "." in text:
        comma = text.rindex(",") > text.rindex(".")
    elif re.fullmatch(r"\d+\.(\d{1,2}|\d{4,})", text):
        comma = False
    thousands, decimal = (".", ",") if comma else (",", ".")
    try:
        return [float(text.replace(thousands, "").replace(decimal, "."))]
    except ValueError:
        return []
