"""What the panel decides, without Qt and MRML: what is missing, what is done, what is out of date, what is cleared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..features import FeatureVector
from ..imaging import CaseImages
from ..models import ModelBundle
from ..prediction import Prediction
from ..scene.i18n import _
from .focus import Focus
from .inputs import PanelInputs, VolumeInput
from .requirements import Requirements
from .signal import Signal

STEPS: tuple[str, ...] = ("model", "study", "vois", "clinical", "predict", "result")
STEPS += ("followUp", "repeatability", "batch")


@dataclass(frozen=True)
class Result:
    """A prediction, the fingerprint of the inputs that it was made from, and what was ticked of the patient then.

    ``images`` and ``features`` are what it was made of; None for a result that came with a scene.
    """

    prediction: Prediction
    fingerprint: tuple[str, ...]
    checklist: frozenset[str] = frozenset()
    images: CaseImages | None = field(default=None, compare=False)
    features: FeatureVector | None = field(default=None, compare=False)


class PanelState(Requirements):
    """The panel's memory, and the signals by which its parts hear of each other.

    Whoever changes a parameter or a node emits ``touched``, or ``gatherNow`` if the inputs are needed at once; the
    panel then gathers the inputs and hands them to `update`. ``changed``: show the state anew. ``patientChanged``: the
    patient was forgotten. ``messagesOutdated``: what was reported about earlier inputs does not hold any more.
    ``resultArrived``: another result is there.

    ``bundle`` is the chosen model, if it can be used; ``focus`` is what the user looks at. ``predictionCount`` and
    ``editsAfterResult`` count, for the present patient, predictions and VOI edits made after a result was seen.
    """

    def __init__(self) -> None:
        self.touched, self.gatherNow, self.changed = Signal(), Signal(), Signal()
        self.patientChanged, self.messagesOutdated, self.resultArrived = Signal(), Signal(), Signal()
        self.reset()

    def reset(self) -> None:
        """Begin anew, with nothing."""
        self.inputs = PanelInputs()
        self.bundle: ModelBundle | None = None
        self.focus = Focus()
        self.result: Result | None = None
        self.failure: str | None = None
        self.predictionCount = 0
        self.editsAfterResult = 0
        self._whatIf: Prediction | None = None
        self._running: tuple[str, ...] | None = None
        self._tickedAtBegin: frozenset[str] = frozenset()
        self._patient: str | None = None
        self._volumesOfFacts: frozenset[str] = frozenset()

    def memory(self) -> dict[str, object]:
        """What `reset` forgets, for `recall`."""
        return {name: value for name, value in vars(self).items() if not isinstance(value, Signal)}

    def recall(self, memory: dict[str, object]) -> None:
        """Be again as when `memory` was asked."""
        vars(self).update(memory)

    def look(self, kind: str, sequence: str = "", role: str = "", nodeIds: Mapping[str, str] | None = None) -> None:
        """The user looks at something else; arguments as for `Focus`."""
        self.focus = Focus(kind, sequence, role, nodeIds or {})

    def update(self, inputs: PanelInputs, bundle: ModelBundle | None = None) -> PanelInputs:
        """Take over changed inputs, with the model that they name, and return the inputs that hold from now on.

        They are not the same object if another patient was chosen: then facts, VOIs and the result of the one before
        are gone; or if the patient's identifier was filled in. The panel must write them back.
        """
        stated = self._newlyStatedPatients(inputs)
        isAnother = self._isAnotherPatient(inputs, stated)
        if isAnother:
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
        isOther = inputs.fingerprint() != self.inputs.fingerprint()
        if isOther:
            self.failure = None
            self._whatIf = None
        isOutdated = isOther or _versionOfSecond(inputs) != _versionOfSecond(self.inputs)
        self.inputs, self.bundle = inputs, bundle
        if not self.focus.nodeIds.items() <= inputs.nodeIds().items():
            # What is looked at was taken out of its role, or something else was put there.
            self.focus = Focus()
        if isAnother:
            self.patientChanged.emit()
        if isOutdated:
            self.messagesOutdated.emit()
        return inputs

    def holdsPatient(self) -> bool:
        """Something of a patient is here that another one must not inherit."""
        inputs = self.inputs
        return bool(inputs.volumes or inputs.vois or inputs.patientId.strip() or not inputs.clinical.isEmpty())

    def newPatient(self) -> PanelInputs:
        """Forget the patient: volumes, VOIs, facts and result. Returns the inputs that hold from now on."""
        self._forgetPatient()
        self.inputs = PanelInputs(model=self.inputs.model)
        self.patientChanged.emit()
        self.messagesOutdated.emit()
        return self.inputs

    def canPredict(self) -> bool:
        """Everything is there and no prediction is under way."""
        return not self.isRunning and not self.missing()

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

    def succeed(
        self, prediction: Prediction, images: CaseImages | None = None, features: FeatureVector | None = None
    ) -> None:
        """The prediction that was under way is done."""
        self.result = Result(prediction, self._running, self._tickedAtBegin, images, features)
        self.predictionCount += 1
        self._whatIf = None
        self._running = None
        self.messagesOutdated.emit()
        self.resultArrived.emit()

    def keepImages(self, images: CaseImages | None, features: FeatureVector | None) -> None:
        """Images and features of the result, read or computed again."""
        if self.result is not None:
            self.result = replace(self.result, images=images, features=features)

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
        self.resultArrived.emit()

    @property
    def bundleOfResult(self) -> ModelBundle | None:
        """The model that made the result, if it is the chosen one."""
        result, bundle = self.result, self.bundle
        return bundle if result is not None and bundle and bundle.sha256 == result.prediction.bundle_sha256 else None

    @property
    def features(self) -> FeatureVector | None:
        """The features of the result, as far as they are here."""
        return None if self.result is None else self.result.features

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
        self._running = None
        self._patient = None
        self._volumesOfFacts = frozenset()
        self.focus = Focus()


def _node(inputs: PanelInputs, sequence: str) -> str | None:
    volume: VolumeInput | None = inputs.volumes.get(sequence)
    return None if volume is None else volume.nodeId


def _versionOfSecond(inputs: PanelInputs) -> tuple:
    return () if inputs.second is None else inputs.second.version


def _drawings(inputs: PanelInputs) -> dict[str, tuple[str, str]]:
    """What was drawn, whatever image it is judged on: another volume changes what is wrong with a VOI, not the VOI."""
    return {sequence: (voi.nodeId, voi.content) for sequence, voi in inputs.vois.items()}


def _nodes(inputs: PanelInputs) -> frozenset[str]:
    return frozenset(volume.nodeId for volume in inputs.volumes.values())
