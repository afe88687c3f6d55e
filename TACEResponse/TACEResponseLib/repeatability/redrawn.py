"""Which cases were drawn again, found from the rows: reader 1 twice (test-retest), or two readers (inter-observer)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..cohort import CaseKey

FEW_PAIRS = 10

FEWEST_PAIRS = 2

TEST_RETEST = "test-retest"

INTER_OBSERVER = "inter-observer"


@dataclass(frozen=True)
class Redrawn:
    """Cases that were drawn twice for one purpose.

    ``kind`` is `TEST_RETEST` or `INTER_OBSERVER`; ``pairs`` are the keys of both drawings, first the reference;
    ``drawn_once`` are lesions without a second drawing.
    """

    kind: str
    pairs: tuple[tuple[CaseKey, CaseKey], ...]
    drawn_once: tuple[CaseKey, ...]

    @property
    def names(self) -> str:
        """Such as "reader 1, sessions 1 and 2"."""
        first, second = self.pairs[0]
        if self.kind == TEST_RETEST:
            return f"reader {first.reader}, sessions {first.session} and {second.session}"
        return f"readers {first.reader} and {second.reader}"


def find_redrawn(keys: Iterable[CaseKey], reader: str = "1", other_reader: str | None = None) -> tuple[Redrawn, ...]:
    """Pairs for test-retest of ``reader`` and for inter-observer repeatability with ``other_reader``.

    Parameters
    ----------
    keys : iterable of CaseKey
    reader : str
        The reference reader, whose first session is the first of each pair.
    other_reader : str, optional
        Needed only where there are more than two readers.

    Raises
    ------
    ValueError
        If nothing was drawn twice, a reader has no case in common with the reference reader, a lesion was drawn more
        than twice by the reference reader, or there are several other readers and none was chosen.
    """
    lesions: dict[tuple[str, str], list[CaseKey]] = defaultdict(list)
    for key in keys:
        lesions[key.patient_id, key.lesion].append(key)
    readers = sorted({key.reader for rows in lesions.values() for key in rows})
    others = [name for name in readers if name != reader]
    if reader not in readers:
        raise ValueError(f"There is no row of reader {reader}; there are rows of reader {', '.join(others)}.")
    if other_reader is None and len(others) > 1:
        raise ValueError(
            f"There are {len(readers)} readers ({', '.join(readers)}); say with whom reader {reader} is compared, for "
            f"example --other-reader {others[0]}."
        )
    other_reader = other_reader or (others[0] if others else None)
    if other_reader is not None and other_reader not in others:
        raise ValueError(f"There is no row of reader {other_reader}; there are rows of reader {', '.join(readers)}.")
    found = []
    retest = [_sessions(rows, reader) for rows in lesions.values()]
    pairs = tuple((own[0], own[1]) for own in retest if len(own) > 1)
    if pairs:
        found.append(Redrawn(TEST_RETEST, pairs, tuple(own[0] for own in retest if len(own) == 1)))
    if other_reader is not None:
        both = [(_sessions(rows, reader), _sessions(rows, other_reader)) for rows in lesions.values()]
        pairs = tuple((mine[0], theirs[0]) for mine, theirs in both if mine and theirs)
        alone = next((theirs[0] for mine, theirs in both if theirs and not mine), None)
        if alone is not None:
            raise ValueError(
                f"{alone.label}: reader {other_reader} has no partner, as reader {reader} did not draw this lesion; "
                "add that row or leave this one out."
            )
        found.append(Redrawn(INTER_OBSERVER, pairs, tuple(mine[0] for mine, theirs in both if mine and not theirs)))
    if not found:
        raise ValueError(
            f"All {len(lesions)} cases were drawn once, by reader {reader}; repeatability needs rows of a second "
            "session or reader (columns reader and session). tace-response icc --plan lists the patients to draw again."
        )
    return tuple(found)


def _sessions(rows: Sequence[CaseKey], reader: str) -> list[CaseKey]:
    """The drawings of a reader by session; numbers before words."""
    own = sorted(
        (key for key in rows if key.reader == reader),
        key=lambda key: (not key.session.isdecimal(), int(key.session) if key.session.isdecimal() else 0, key.session),
    )
    if len(own) > 2:
        raise ValueError(
            f"{own[0].label}: reader {reader} drew it {len(own)} times; test-retest compares two sessions, leave the "
            "others out."
        )
    return own
