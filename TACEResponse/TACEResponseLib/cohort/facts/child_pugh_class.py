"""The Child-Pugh class, with its points where they are known."""

from __future__ import annotations

import re

from ..child_pugh import POINTS_OF_CLASS, ChildPugh, class_of
from .fact import Fact, Term


def read_child_pugh(cell: str) -> ChildPugh:
    """7 points for "B7", 7 to 9 for "B". Class and points must fit: A 5-6, B 7-9, C 10-15."""
    match = re.fullmatch(r"([ABC])\s*(\d{1,2})?", cell.strip().upper())
    if match is None:
        raise ValueError(f"{cell!r} is not a Child-Pugh class; write A, B or C, or class and points such as A5 or B7.")
    if match[2] is None:
        return ChildPugh(*POINTS_OF_CLASS[match[1]])
    points = int(match[2])
    if not 5 <= points <= 15 or class_of(points) != match[1]:
        raise ValueError(f"{cell!r} does not fit together: A is 5-6 points, B 7-9, C 10-15; check class and points.")
    return ChildPugh(points, points)


def child_pugh_cell(grade: ChildPugh) -> str:
    """Inverse of `read_child_pugh`. Raises ValueError where several classes are possible."""
    if grade.child_pugh is None:
        raise ValueError(f"Child-Pugh {' or '.join(grade.classes)} is not one class; enter the missing items.")
    return grade.child_pugh if grade.points is None else f"{grade.child_pugh}{grade.points}"


def _text(grade: ChildPugh) -> str:
    points = "" if grade.points is None else f" ({grade.points} points)"
    return f"{' or '.join(grade.classes)}{points}"


_GRADES = [
    grade
    for name, (least, most) in POINTS_OF_CLASS.items()
    for grade in (name, *(f"{name}{points}" for points in range(least, most + 1)))
]

CHILD_PUGH: Fact[ChildPugh] = Fact(
    column="child_pugh",
    name="Child-Pugh class",
    read=read_child_pugh,
    write=child_pugh_cell,
    text=_text,
    choices={grade: grade for grade in _GRADES},
    aliases=("child_pugh_class", "cps"),
    term=Term(
        name="child_pugh_b_or_c",
        coding="Child-Pugh class B or C (against A)",
        levels=("A", "B or C"),
        holds=lambda grade: None if grade.child_pugh is None and "A" in grade.classes else grade.classes != ("A",),
        examples=(ChildPugh(*POINTS_OF_CLASS["A"]), ChildPugh(*POINTS_OF_CLASS["B"])),
    ),
)
