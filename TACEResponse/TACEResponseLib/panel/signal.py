"""A signal in plain Python: whoever is connected is called, in the order of connecting."""

from __future__ import annotations

from collections.abc import Callable


class Signal:
    """Connect functions, then `emit`; arguments are handed on."""

    def __init__(self) -> None:
        self._slots: list[Callable[..., object]] = []

    def connect(self, slot: Callable[..., object]) -> None:
        """Call ``slot`` from now on."""
        self._slots.append(slot)

    def emit(self, *arguments: object) -> None:
        """Call everything that is connected."""
        for slot in tuple(self._slots):
            slot(*arguments)
