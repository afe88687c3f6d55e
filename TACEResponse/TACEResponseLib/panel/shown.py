"""What may be seen now, from the state alone: texts, locks, and what the views show.

The only reader of the blinding. While a VOI is drawn blinded, nothing in the panel or in the views tells where the
first one lies, how large it is, or what follows from it, and nothing of it can be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..cohort import SEQUENCES
from ..scene.i18n import _
from ..scene.roles import (
    BASELINE_LINES_ROLE,
    FOLLOW_UP_LINES_ROLE,
    FOLLOW_UP_ROLE,
    SECOND_SEGMENTATION_ROLE,
    SEGMENTATION_ROLES,
    VOLUME_ROLES,
)
from .focus import BLINDED, COMPARING, EDITING, LOADED, MEASURING
from .state import PanelState, Result

PLAIN, WARNING, PROBLEM = "plain", "warning", "problem"
"""How serious a line of text is."""

_VOI_ROLES = (*SEGMENTATION_ROLES.values(), SECOND_SEGMENTATION_ROLE)


@dataclass(frozen=True)
class VoiLine:
    """The button and the line of one sequence's VOI."""

    isDone: bool
    hasWarnings: bool = False
    text: str = ""
    style: str = PLAIN


@dataclass(frozen=True)
class Picture:
    """What the slice views show.

    ``volumeRole`` goes into all views, ``jumpToRole`` says which VOI they are moved to; empty: they stay as they are.
    ``coveringRoles`` are hidden, as they would lie over what is looked at; ``outlinedRoles`` are shown as outlines.
    With ``isBlinded`` the VOIs of other readers and sessions, and what measures the lesion, are out of sight.
    ``needsOneImage``: the four-up gives way when the user begins to look at this.
    """

    volumeRole: str = ""
    jumpToRole: str = ""
    coveringRoles: frozenset[str] = frozenset()
    outlinedRoles: tuple[str, ...] = ()
    isBlinded: bool = False
    needsOneImage: bool = False


@dataclass(frozen=True)
class Shown:
    """What the parts of the panel show.

    ``lock`` says why the first reading can be neither seen nor changed; None if it can. ``editedSequence`` is the
    sequence whose VOI is edited, empty while none is or a second VOI is drawn, for which ``isSecondEdited`` stands.
    """

    lock: str | None
    blindedNote: str | None
    editedSequence: str
    isSecondEdited: bool
    vois: Mapping[str, VoiLine]
    voiNotes: tuple[str, ...]
    missing: tuple[str, ...]
    missingForComparison: str | None
    failure: str | None
    result: Result | None
    resultText: str
    resultProblem: str | None


def shownOf(state: PanelState) -> Shown:
    """What may be seen of the state."""
    inputs, isBlinded = state.inputs, state.focus.kind == BLINDED
    notes = inputs.betweenSequences
    if isBlinded:
        text = _("Blinded: {sequence}, reader {reader}, session {session} is being drawn.")
        # The fields above state the first reader.
        sequence, reader, session = inputs.secondSequence, inputs.secondReader, inputs.secondSession
        notes = (text.format(sequence=sequence, reader=reader, session=session),)
    lock = _("A VOI is being drawn blinded.") if isBlinded else None
    missing, comparison = state.missing(), "\n".join(state.missing()) or None
    if isBlinded and inputs.needsImages:
        missing = (_("A VOI is being drawn blinded: press Compare, or select a sequence."),)
    if isBlinded and comparison:
        comparison = _("The first case is not complete; select a sequence to see why.")
    hidden = _("Hidden while a VOI is drawn blinded.") if isBlinded and state.result is not None else None
    return Shown(
        lock=lock,
        blindedNote=_("Blinded: VOIs of other readers and sessions are hidden until Compare.") if isBlinded else None,
        editedSequence=state.focus.sequence if state.focus.kind == EDITING else "",
        isSecondEdited=isBlinded,
        vois={
            name: VoiLine(state.voiIsTicked(name)) if isBlinded else voiLine(state, name)
            for name in map(str, SEQUENCES)
        },
        voiNotes=notes,
        missing=missing,
        missingForComparison=comparison,
        failure=None if isBlinded else state.failure,
        result=None if isBlinded else state.result,
        resultText=hidden or _("No result yet."),
        resultProblem=state.resultProblem() or hidden,
    )


def voiLine(state: PanelState, sequence: str) -> VoiLine:
    """Size, warnings and problem of a VOI that may be seen."""
    voi, problem = state.inputs.vois.get(sequence), state.voiProblem(sequence)
    if sequence == state.failedSequence():
        problem = state.failure
    lines = []
    if voi is not None and voi.volumeMl is not None:
        size = _("{volume} mL, largest diameter {diameter} mm")
        lines.append(size.format(volume=f"{voi.volumeMl:.1f}", diameter=f"{voi.diameterMm:.0f}"))
    lines += () if voi is None else voi.warnings
    if problem and (voi is not None or sequence in state.inputs.volumes):
        lines.append(problem)
    hasWarnings = voi is not None and bool(voi.warnings)
    style = WARNING if hasWarnings or problem is not None else PLAIN
    if problem is not None and voi is not None and voi.content and not voi.isUnchecked:
        style = PROBLEM
    return VoiLine(state.voiIsTicked(sequence), hasWarnings, "\n".join(lines), style)


def pictureOf(state: PanelState, isFourUp: bool) -> Picture:
    """What the views show; in the four-up every sequence has its own view and nothing lies over another's image."""
    focus, afterTace = state.focus, {FOLLOW_UP_LINES_ROLE}
    if focus.kind == BLINDED:
        volume = VOLUME_ROLES[state.inputs.secondSequence]
        if isFourUp:
            return Picture(coveringRoles=frozenset(afterTace), isBlinded=True, needsOneImage=True)
        return Picture(volume, isBlinded=True, needsOneImage=True)
    if focus.kind == COMPARING:
        first = SEGMENTATION_ROLES[focus.sequence]
        both = (first, SECOND_SEGMENTATION_ROLE)
        covering = frozenset({*_VOI_ROLES, *afterTace} - {*both})
        return Picture(VOLUME_ROLES[focus.sequence], first, covering, both, needsOneImage=True)
    if focus.kind == MEASURING:
        isBefore = focus.role == BASELINE_LINES_ROLE
        # Nothing may lie over the rim that is measured; lines of the one study say nothing on the other's images.
        covering = frozenset({*_VOI_ROLES, FOLLOW_UP_LINES_ROLE if isBefore else BASELINE_LINES_ROLE})
        volume = VOLUME_ROLES["AP"] if isBefore else FOLLOW_UP_ROLE
        return Picture(volume, SEGMENTATION_ROLES["AP"] if isBefore else "", covering, needsOneImage=True)
    if isFourUp:
        return Picture(coveringRoles=frozenset(afterTace))
    if focus.kind == EDITING:
        own = SEGMENTATION_ROLES[focus.sequence]
        return Picture(VOLUME_ROLES[focus.sequence], own, frozenset({*_VOI_ROLES, *afterTace} - {own}))
    return Picture(VOLUME_ROLES["AP"] if focus.kind == LOADED else "")
