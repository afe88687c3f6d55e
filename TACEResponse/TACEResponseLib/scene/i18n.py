"""Slicer's translation of texts, or the English ones where there is no Slicer.

Slicer finds the context of a text by the file that calls ``_``, so the function itself is passed on, not wrapped.
"""

try:
    from slicer.i18n import tr as _
except ImportError:

    def _(text: str) -> str:
        """The English text."""
        return text


__all__ = ["_"]
