"""The case that the panel shows: as plain data for the work in the background, and how it is forgotten."""

from __future__ import annotations

from collections.abc import Callable

from ..cohort import Case, CaseKey, Progress
from ..models import ModelBundle
from ..scene.cases import caseOfNodes, keyOfParameterNode, nodesOfParameterNode
from ..scene.display import takeOffViews
from ..scene.parameters import Parameters
from ..scene.roles import FOLLOW_UP_ROLE, VOLUME_ROLES
from ..workflow import CaseResult, predict_case
from .state import PanelState


def presentKey(parameters: Parameters) -> CaseKey:
    """The case's key. Raises ValueError if no patient was entered."""
    return keyOfParameterNode(parameters.node)


def presentCase(state: PanelState, parameters: Parameters) -> Case:
    """Images and VOIs of the sequences that the model needs, copied, with key and facts.

    Raises ValueError naming patient and sequence.
    """
    volumes, segmentations = nodesOfParameterNode(parameters.node)
    needed = {name: volumes[name] for name in state.inputs.sequences if name in volumes}
    return caseOfNodes(presentKey(parameters), needed, segmentations, state.inputs.clinical.record())


def predictionWork(case: Case, bundle: ModelBundle, engine: str) -> Callable[[Progress | None], CaseResult]:
    """What a task runs: prediction, images and features of a case."""
    return lambda progress: predict_case(case, bundle, progress, engine=engine)


def forgetPatient(state: PanelState, parameters: Parameters) -> None:
    """Forget the patient; the nodes stay in the scene, out of sight."""
    roles = (*VOLUME_ROLES.values(), FOLLOW_UP_ROLE)
    nodes = [node for role in roles for node in parameters.nodes(role)]
    takeOffViews(nodes)
    for role in roles:
        parameters.setNode(role, None)
    parameters.forgetPatient()
    state.newPatient()
    state.gatherNow.emit()
