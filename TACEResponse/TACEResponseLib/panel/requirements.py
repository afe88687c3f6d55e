"""What a prediction needs of the inputs and does not have yet, with the sentence that asks for it."""

from __future__ import annotations

from ..cohort import check_identifier
from ..scene.clinical_entry import MORE_FACTS
from ..scene.i18n import _
from ..scene.roles import checklistFor
from .inputs import PanelInputs


class Requirements:
    """Asks of ``inputs`` whether each of them can be used."""

    inputs: PanelInputs

    def missing(self) -> tuple[str, ...]:
        """Why *Predict* is not possible, in the order of the panel; empty if it is."""
        inputs = self.inputs
        if inputs.model is None:
            return (_("Model: choose one."),)
        if inputs.model.problem:
            return (_("Model: {problem}").format(problem=inputs.model.problem),)
        reasons = [problem for problem in (self.patientProblem(), self.readerProblem()) if problem is not None]
        if self._unticked():
            reasons.append(_("Checklist: confirm that each statement applies; the model is for such patients only."))
        reasons += self._missingImages()
        if inputs.sequences and inputs.engineProblem:
            reasons.append(_("Feature engine: {problem}").format(problem=inputs.engineProblem))
        problems = inputs.clinical.problems()
        asked = (*inputs.model.requiredFields, *(fact.column for fact in MORE_FACTS))
        reasons += [problems[name] for name in asked if name in problems]
        return tuple(reasons)

    def checklistNeeded(self) -> tuple[str, ...]:
        """The statements that must be ticked; those on images only for a model that needs images."""
        return checklistFor(self.inputs.needsImages)

    def stepIsNeeded(self, step: str) -> bool:
        """Steps 1 and 2 are skipped by a model that needs no images, step 3 by one that needs no facts."""
        if step in ("study", "vois"):
            return self.inputs.needsImages
        return step != "clinical" or self.inputs.model is None or bool(self.inputs.model.requiredFacts)

    def volumeProblem(self, sequence: str) -> str | None:
        """What stands beside the volume's selector."""
        volume = self.inputs.volumes.get(sequence)
        return None if volume is None else volume.problem

    def voiProblem(self, sequence: str) -> str | None:
        """What stands beside the VOI's button: why the VOI cannot be used yet."""
        voi = self.inputs.vois.get(sequence)
        if voi is None or (voi.volumeMl is None and not voi.problem):
            return _("No VOI yet: draw the lesion.")
        if voi.problem:
            return voi.problem
        others = [other for other, its in self.inputs.vois.items() if other != sequence and its.nodeId == voi.nodeId]
        if others:
            return _("This VOI is chosen for {others} too; choose each sequence's own, or copy it.").format(
                others=", ".join(others)
            )
        if self.inputs.isOfAnother(voi):
            reader, session = (_("not stated") if one is None else one for one in voi.drawnBy)
            words = _("Drawn by reader {reader}, session {session}: enter these above, or choose this reader's VOI.")
            return words.format(reader=reader, session=session)
        if voi.isUnchecked:
            return _("Copied and not checked: edit or confirm it. Breath-holds differ.")
        return None

    def voiIsTicked(self, sequence: str) -> bool:
        """Drawn, usable and checked."""
        return self.voiProblem(sequence) is None

    def patientProblem(self) -> str | None:
        """Why the patient's identifier cannot be used."""
        return _identifierProblem(_("Patient"), self.inputs.patientId)

    def readerProblem(self) -> str | None:
        """Why reader or session cannot be used."""
        inputs = self.inputs
        return _identifierProblem(_("Reader"), inputs.reader) or _identifierProblem(_("Session"), inputs.session)

    def _unticked(self) -> list[str]:
        return [name for name in self.checklistNeeded() if name not in self.inputs.checklist]

    def _missingImages(self) -> list[str]:
        reasons = self._missingVolumes()
        studyProblem = self.inputs.studyProblem()
        reasons += [] if studyProblem is None else [studyProblem]
        for sequence in self.inputs.sequences:
            problem = self.voiProblem(sequence)
            if problem is not None:
                reasons.append(_("{sequence}, VOI: {problem}").format(sequence=sequence, problem=problem))
        return reasons

    def _missingVolumes(self) -> list[str]:
        reasons = []
        for sequence in self.inputs.sequences:
            if sequence not in self.inputs.volumes:
                reasons.append(_("{sequence}: choose the volume.").format(sequence=sequence))
            elif self.volumeProblem(sequence):
                reasons.append(
                    _("{sequence}: {problem}").format(sequence=sequence, problem=self.volumeProblem(sequence))
                )
        return reasons


def _identifierProblem(name: str, text: str) -> str | None:
    if not text.strip():
        return _("{name}: enter an identifier.").format(name=name)
    try:
        check_identifier(text.strip())
    except ValueError as error:
        return _("{name}: {problem}").format(name=name, problem=error)
    return None
