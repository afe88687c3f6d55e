"""What the panel knows of its inputs: plain data, made from nodes by the view and judged by `state`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from ..cohort import SEQUENCES, CaseKey
from ..scene.clinical_entry import FIELD_OF_FACT, ClinicalEntry
from ..scene.i18n import _
from ..scene.roles import SECOND_SEGMENTATION_ROLE, SEGMENTATION_ROLES, VOLUME_ROLES


@dataclass(frozen=True)
class ModelInput:
    """The chosen model; ``problem`` says why it cannot be used (a bundle that was removed or changed)."""

    name: str
    sha256: str = ""
    requiredSequences: tuple[str, ...] = ()
    requiredFacts: tuple[str, ...] = ()
    isDemonstration: bool = False
    problem: str | None = None

    @property
    def requiredFields(self) -> tuple[str, ...]:
        """The fields of step 3 that the model needs."""
        return tuple(FIELD_OF_FACT[fact] for fact in self.requiredFacts if fact in FIELD_OF_FACT)


@dataclass(frozen=True)
class VolumeInput:
    """The volume chosen for one sequence.

    ``nodeId`` says which node it is, ``content`` what is in it: a digest of voxels and geometry that is the same after
    the scene was saved and opened again. ``geometry`` is words for the line under the selector.
    """

    nodeId: str
    content: str
    geometry: str = ""
    patientId: str | None = None
    studyDate: str | None = None
    frameOfReference: str | None = None
    isPhantom: bool = False
    problem: str | None = None


@dataclass(frozen=True)
class VoiInput:
    """The VOI of one sequence; empty if ``volumeMl`` is None.

    ``isUnchecked`` is True for one that was copied and neither edited nor confirmed since. ``drawnBy`` are the reader
    and the session that the VOI states.
    """

    nodeId: str
    content: str
    volumeMl: float | None = None
    diameterMm: float | None = None
    isUnchecked: bool = False
    problem: str | None = None
    warnings: tuple[str, ...] = ()
    drawnBy: tuple[str | None, str | None] | None = None


@dataclass(frozen=True)
class SecondVoiInput:
    """The VOI that is drawn again, or was chosen for comparison.

    ``drawnOn`` are the sequences whose volume it was drawn on, if it is one of the case's; ``version`` is another tuple
    after every change of the VOI.
    """

    nodeId: str
    version: tuple = ()
    isEmpty: bool = False
    drawnOn: tuple[str, ...] = ()


@dataclass(frozen=True)
class PanelInputs:
    """Everything that a prediction depends on, the warnings between sequences, second VOI and follow-up."""

    model: ModelInput | None = None
    engine: str = "native"
    engineProblem: str | None = None
    patientId: str = ""
    lesion: str = "1"
    reader: str = "1"
    session: str = "1"
    checklist: frozenset[str] = frozenset()
    volumes: Mapping[str, VolumeInput] = field(default_factory=dict)
    vois: Mapping[str, VoiInput] = field(default_factory=dict)
    clinical: ClinicalEntry = field(default_factory=ClinicalEntry)
    betweenSequences: tuple[str, ...] = ()
    followUp: VolumeInput | None = None
    second: SecondVoiInput | None = None
    secondSequence: str = "AP"
    secondReader: str = "2"
    secondSession: str = "1"

    @property
    def sequences(self) -> tuple[str, ...]:
        """The sequences that the model needs; none without a model."""
        return () if self.model is None else self.model.requiredSequences

    @property
    def needsImages(self) -> bool:
        """Whether steps 1 and 2 are needed; they are shown until a model is chosen that does without."""
        return self.model is None or bool(self.model.problem) or bool(self.model.requiredSequences)

    def isOfAnother(self, voi: VoiInput) -> bool:
        """The VOI states another reader or session than the case."""
        key = CaseKey(self.patientId, self.lesion, self.reader.strip(), self.session.strip())
        return voi.drawnBy is not None and not key.may_be_of(*voi.drawnBy)

    def nodeIds(self) -> dict[str, str]:
        """The volumes, VOIs and the second VOI by their roles in the parameter node."""
        ids = {VOLUME_ROLES[sequence]: volume.nodeId for sequence, volume in self.volumes.items()}
        ids |= {SEGMENTATION_ROLES[sequence]: voi.nodeId for sequence, voi in self.vois.items()}
        return ids if self.second is None else {**ids, SECOND_SEGMENTATION_ROLE: self.second.nodeId}

    def fingerprint(self) -> tuple[str, ...]:
        """Equal exactly as long as a prediction would be made of the same model, case, voxels and facts."""
        parts = ["" if self.model is None else self.model.sha256]
        parts += [one.strip() for one in (self.patientId, self.lesion, self.reader, self.session)]
        parts += [self.engine] if self.sequences else []
        for sequence in self.sequences:
            volume, voi = self.volumes.get(sequence), self.vois.get(sequence)
            parts += [sequence, "" if volume is None else volume.content, "" if voi is None else voi.content]
        fields = () if self.model is None else self.model.requiredFields
        problems = self.clinical.problems()
        parts += [problems[name] for name in fields if name in problems]
        return (*parts, repr(self.clinical.knownFacts()))

    def ofAnotherPatient(self) -> PanelInputs:
        """The same model and volumes; facts, VOIs, patient and the statements of the checklist are gone."""
        return replace(
            self,
            vois={},
            second=None,
            clinical=self.clinical.withoutFacts(),
            checklist=frozenset(),
            patientId=self.statedPatient() or "",
            lesion="1",
            betweenSequences=(),
        )

    def statedPatient(self) -> str | None:
        """The PatientID if the volumes state exactly one."""
        stated = {volume.patientId for volume in self.volumes.values()} - {None}
        return stated.pop() if len(stated) == 1 else None

    def studyProblem(self) -> str | None:
        """Two patients or two study dates among the volumes."""
        for name, valueOf in (
            (_("patients"), lambda volume: volume.patientId),
            (_("study dates"), lambda volume: volume.studyDate),
        ):
            bySequence = {s: valueOf(self.volumes[s]) for s in map(str, SEQUENCES) if s in self.volumes}
            values = list(dict.fromkeys(value for value in bySequence.values() if value is not None))
            if len(values) > 1:
                listed = "; ".join(
                    ", ".join(s for s, value in bySequence.items() if value == one) + f": {one}" for one in values
                )
                return _("The volumes are of {count} {name} ({listed}); choose sequences of one study.").format(
                    count=len(values), name=name, listed=listed
                )
        return None

    def studyWarning(self) -> str | None:
        """One volume chosen for several sequences; the result warns of it too."""
        sequences: dict[str, list[str]] = {}
        for sequence in (s for s in map(str, SEQUENCES) if s in self.volumes):
            sequences.setdefault(self.volumes[sequence].content, []).append(sequence)
        same = [", ".join(names) for content, names in sequences.items() if content and len(names) > 1]
        if not same:
            return None
        return _("The same image is chosen for several sequences ({listed}); choose each one's own.").format(
            listed="; ".join(same)
        )

    def lesionDiameterMm(self) -> float | None:
        """The largest diameter of the VOIs, as step 2 shows it; None without a VOI."""
        return max((voi.diameterMm for voi in self.vois.values() if voi.diameterMm is not None), default=None)

    def followUpProblem(self) -> str | None:
        """Why the follow-up volume cannot be this patient's after TACE; None if it can, or none was chosen."""
        followUp, stated, before = self.followUp, self.statedPatient(), self._studyDay()
        if followUp is None:
            return None
        if followUp.problem:
            return followUp.problem
        if followUp.nodeId in {volume.nodeId for volume in self.volumes.values()}:
            return _("This is a volume of the study before TACE; choose the arterial phase of the follow-up study.")
        if None not in (stated, followUp.patientId) and stated != followUp.patientId:
            text = _("The follow-up is of patient {other}, the study before TACE of {patient}; choose this patient's.")
            return text.format(other=followUp.patientId, patient=stated)
        after = _day(followUp)
        if None not in (before, after) and after <= before:
            return _("The follow-up is of {after}, not later than the study before TACE, {before}.").format(
                after=after.isoformat(), before=before.isoformat()
            )
        return None

    def followUpText(self) -> str:
        """Date of the follow-up and the days since the study before TACE, as far as the volumes state them."""
        before, after = self._studyDay(), None if self.followUp is None else _day(self.followUp)
        if after is None:
            return ""
        if before is None:
            return after.isoformat()
        text = _("{date}, {days} days after the study before TACE")
        return text.format(date=after.isoformat(), days=(after - before).days)

    def _studyDay(self) -> date | None:
        """The date of the study before TACE, if the volumes agree on it."""
        days = {_day(volume) for volume in self.volumes.values()} - {None}
        return days.pop() if len(days) == 1 else None

    def copyProblem(self, source: str) -> str | None:
        """Why the VOI of ``source`` cannot be copied to the other sequences; None if it can."""
        voi = self.vois.get(source)
        if voi is None or voi.volumeMl is None:
            return _("Draw the VOI on {sequence} first.").format(sequence=source)
        if source not in self.volumes:
            return _("Choose the volume of {sequence} first.").format(sequence=source)
        frame = self.volumes[source].frameOfReference
        for sequence, volume in self.volumes.items():
            if None not in (frame, volume.frameOfReference) and volume.frameOfReference != frame:
                return _(
                    "{source} and {sequence} were acquired in different frames of reference: the patient was "
                    "repositioned, so that a copied VOI would lie elsewhere. Draw it on each sequence."
                ).format(source=source, sequence=sequence)
        return None


def _day(volume: VolumeInput) -> date | None:
    try:
        return date.fromisoformat(volume.studyDate or "")
    except ValueError:
        return None
