"""What the panel decides, without Qt and MRML: what is missing, what is done, what is out of date, what is cleared."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..cohort import check_identifier
from ..prediction import Prediction
from ..scene.i18n import _
from ..scene.roles import checklistFor
from .inputs import PanelInputs, VolumeInput

STEPS: tuple[str, ...] = ("model", "study", "vois", "clinical", "predict", "result")
STEPS += ("followUp", "repeatability", "batch")


@dataclass(frozen=True)
class Result:
    """A prediction, the fingerprint of the inputs that it was made from, and what was ticked of the patient then."""

    prediction: Prediction
    fingerprint: tuple[str, ...]
    checklist: frozenset[str] = frozenset()


class PanelState:
    """The panel's memory.

    The view hands every change to `update` and shows what the other members say. ``predictionCount`` and
    ``editsAfterResult`` count, for the patient at hand, predictions and VOI edits made after a result was seen.
    """

    def __init__(self) -> None:
        self.inputs = PanelInputs()
        self.result: Result | None = None
        self.failure: str | None = None
        self.predictionCount = 0
        self.editsAfterResult = 0
        self._whatIf: Prediction | None = None
        self._running: tuple[str, ...] | None = None
        self._tickedAtBegin: frozenset[str] = frozenset()
        self._patient: str | None = None
        self._volumesOfFacts: frozenset[str] = frozenset()

    def update(self, inputs: PanelInputs) -> PanelInputs:
        """Take over changed inputs and return those that hold from now on.

        They are not the same object if another patient was chosen: then facts, VOIs and the result of the one before
        are gone; or if the patient's identifier was filled in. The view must show them in its fields.
        """
        stated = self._newlyStatedPatients(inputs)
        if self._isAnotherPatient(inputs, stated):
            inputs = inputs.ofAnotherPatient()
            self._forgetPatient()
        elif self.result is not None or self.predictionCount:
            self.editsAfterResult += sum(
                sequence in inputs.vois and inputs.vois[sequence].content != voi.content
                for sequence, voi in self.inputs.vois.items()
            )
        if stated:
            self._patient = stated[-1]
        if not inputs.patientId.strip() and inputs.statedPatient():
            inputs = replace(inputs, patientId=inputs.statedPatient())
        if inputs.clinical != self.inputs.clinical or _drawings(inputs) != _drawings(self.inputs):
            self._volumesOfFacts = _nodes(inputs)
        if inputs.clinical.isEmpty() and not inputs.vois:
            self._volumesOfFacts = frozenset()
        if inputs.fingerprint() != self.inputs.fingerprint():
            self.failure = None
            self._whatIf = None
        self.inputs = inputs
        return inputs

    def holdsPatient(self) -> bool:
        """Something of a patient is here that another one must not inherit."""
        inputs = self.inputs
        return bool(inputs.volumes or inputs.vois or inputs.patientId.strip() or not inputs.clinical.isEmpty())

    def newPatient(self) -> PanelInputs:
        """Forget the patient: volumes, VOIs, facts and result. Returns the inputs that hold from now on."""
        self._forgetPatient()
        self._patient = None
        self.inputs = PanelInputs(model=self.inputs.model)
        return self.inputs

    # What is missing

    def missing(self) -> tuple[str, ...]:
        """Why *Predict* is not possible, in the order of the panel; empty if it is."""
        inputs = self.inputs
        if inputs.model is None:
            return (_("Model: choose one."),)
        if inputs.model.problem:
            return (_("Model: {problem}").format(problem=inputs.model.problem),)
        reasons = [problem for problem in (self.patientProblem(), self.readerProblem()) if problem is not None]
        if self._unticked():
            reasons.append(_("Checklist: tick what is so; the model was made for such patients only."))
        reasons += self._missingImages()
        if inputs.sequences and inputs.engineProblem:
            reasons.append(_("Feature engine: {problem}").format(problem=inputs.engineProblem))
        problems = inputs.clinical.problems()
        reasons += [problems[name] for name in inputs.model.requiredFields if name in problems]
        return tuple(reasons)

    def checklistNeeded(self) -> tuple[str, ...]:
        """The statements that must be ticked; those on images only for a model that needs images."""
        return checklistFor(self.inputs.needsImages)

    def canPredict(self) -> bool:
        """Everything is there and no prediction is under way."""
        return not self.isRunning and not self.missing()

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
            words = _("Drawn by reader {reader}, session {session}: enter these above, or choose the own VOI.")
            return words.format(reader=reader, session=session)
        if voi.isUnchecked:
            return _("Copied and not checked: edit it, or confirm that it fits. Breath-holds differ.")
        return None

    def voiIsTicked(self, sequence: str) -> bool:
        """Drawn, usable and checked."""
        return self.voiProblem(sequence) is None

    def stepIsDone(self, step: str) -> bool:
        """Whether a step of `STEPS` gets its tick."""
        inputs = self.inputs
        if step == "model":
            isChosen = inputs.model is not None and not inputs.model.problem
            return isChosen and self.patientProblem() is None and not self._unticked()
        if step == "study":
            return bool(inputs.sequences) and not self._missingVolumes() and inputs.studyProblem() is None
        if step == "vois":
            return bool(inputs.sequences) and all(self.voiIsTicked(sequence) for sequence in inputs.sequences)
        if step == "clinical":
            fields = () if inputs.model is None else inputs.model.requiredFields
            return bool(fields) and not set(fields) & set(inputs.clinical.problems())
        return step in ("predict", "result") and self.resultIsCurrent

    def stepIsNeeded(self, step: str) -> bool:
        """Steps 1 and 2 are skipped by a model that needs no images, step 3 by one that needs no facts."""
        if step in ("study", "vois"):
            return self.inputs.needsImages
        return step != "clinical" or self.inputs.model is None or bool(self.inputs.model.requiredFacts)

    # Predicting

    @property
    def isRunning(self) -> bool:
        """A prediction is under way."""
        return self._running is not None

    def begin(self) -> None:
        """A prediction of the present inputs begins. Raises ValueError with the reasons if it must not."""
        if self.isRunning:
            raise ValueError(_("A prediction is under way; cancel it or wait."))
        if self.missing():
            raise ValueError(" ".join(self.missing()))
        self._running = self.inputs.fingerprint()
        self._tickedAtBegin = self.inputs.checklist
        self.failure = None

    def succeed(self, prediction: Prediction) -> None:
        """The prediction that was under way is done."""
        self.result = Result(prediction, self._running, self._tickedAtBegin)
        self.predictionCount += 1
        self._whatIf = None
        self._running = None

    def fail(self, sentence: str) -> None:
        """The prediction that was under way was refused; the result of an earlier one is not this case's any more."""
        self.failure = sentence
        self.result = None
        self._running = None

    def addBand(self, prediction: Prediction, fingerprint: tuple[str, ...]) -> None:
        """The result with its band over perturbed VOIs, unless another one has taken its place."""
        if self.result is not None and self.result.fingerprint == fingerprint:
            self.result = replace(self.result, prediction=prediction)

    def cancel(self) -> None:
        """The prediction that was under way was cancelled; what was there before stays."""
        self._running = None

    def failedSequence(self) -> str | None:
        """The sequence that a refusal names, so that it can stand beside its controls."""
        if self.failure is None:
            return None
        start = self.failure.split(":", 1)[0]
        return next((sequence for sequence in self.inputs.sequences if start.endswith(f", {sequence}")), None)

    # The result

    @property
    def resultIsStale(self) -> bool:
        """There is a result, and an input has changed since, or a statement about the patient was taken back."""
        if self.result is None:
            return False
        return (
            self.result.fingerprint != self.inputs.fingerprint() or not self.result.checklist <= self.inputs.checklist
        )

    @property
    def resultIsCurrent(self) -> bool:
        """There is a result, of the inputs as they are: it may be reported and saved."""
        return self.result is not None and not self.resultIsStale

    def resultProblem(self) -> str | None:
        """Why nothing can be done with the result; None if it is current."""
        if self.result is None:
            return _("Predict first.")
        return _("The result is out of date; predict again.") if self.resultIsStale else None

    def restore(self, result: Result | None, predictionCount: int = 0, editsAfterResult: int = 0) -> None:
        """Take over what a scene that was opened holds."""
        self.result = result
        self.predictionCount, self.editsAfterResult = predictionCount, editsAfterResult

    def provenance(self) -> dict[str, int]:
        """What a reader should know of how the result came about."""
        return {"predictions": self.predictionCount, "voi_edits_after_result": self.editsAfterResult}

    @property
    def whatIf(self) -> Prediction | None:
        """A prediction for facts that are not this patient's; never saved, never reported."""
        return self._whatIf

    def showWhatIf(self, prediction: Prediction | None) -> None:
        """Show a prediction for other facts beside the result. Raises ValueError without a current result."""
        if prediction is not None and not self.resultIsCurrent:
            raise ValueError(_("Predict first: a what-if stands beside a result that is up to date."))
        self._whatIf = prediction

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

    def _newlyStatedPatients(self, inputs: PanelInputs) -> list[str]:
        """The PatientIDs of the volumes that were changed."""
        changed = [volume for name, volume in inputs.volumes.items() if _node(self.inputs, name) != volume.nodeId]
        return [volume.patientId for volume in changed if volume.patientId is not None]

    def _isAnotherPatient(self, inputs: PanelInputs, stated: list[str]) -> bool:
        """A changed volume states another patient, or no volume is left of those that facts and VOIs belong to."""
        if self._patient is not None and any(patient != self._patient for patient in stated):
            return True
        if stated or not self._volumesOfFacts or not inputs.volumes:
            return False
        return not self._volumesOfFacts & _nodes(inputs)

    def _forgetPatient(self) -> None:
        self.result = None
        self.failure = None
        self.predictionCount = self.editsAfterResult = 0
        self._whatIf = None
        self._patient = None
        self._volumesOfFacts = frozenset()


def _identifierProblem(name: str, text: str) -> str | None:
    if not text.strip():
        return _("{name}: enter an identifier.").format(name=name)
    try:
        check_identifier(text.strip())
    except ValueError as error:
        return _("{name}: {problem}").format(name=name, problem=error)
    return None


def _node(inputs: PanelInputs, sequence: str) -> str | None:
    volume: VolumeInput | None = inputs.volumes.get(sequence)
    return None if volume is None else volume.nodeId


def _drawings(inputs: PanelInputs) -> dict[str, tuple[str, str]]:
    """What was drawn, whatever image it is judged on: another volume changes what is wrong with a VOI, not the VOI."""
    return {sequence: (voi.nodeId, voi.content) for sequence, voi in inputs.vois.items()}


def _nodes(inputs: PanelInputs) -> frozenset[str]:
    return frozenset(volume.nodeId for volume in inputs.volumes.values())
