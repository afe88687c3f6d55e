"""The one class that panel, scripts and self-tests call: thin over the library, over nodes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import slicer

from ..cohort import Case, CaseKey, ClinicalRecord, Progress
from ..features import PAPER_SETTINGS, FeatureSettings, FeatureTable, FeatureVector, read_feature_table
from ..features.self_check import SelfCheckResult, self_check
from ..imaging import ResampledVoi, canonical_voi, resample
from ..models import ModelBundle, find_bundle, load_bundle, shipped_bundles
from ..prediction import Prediction, predict_from_features
from ..repeatability import Repeatability, repeatability
from ..workflow import CaseResult, FeatureRecipe, extract_case, predict_case
from .cases import arraySource, caseOfNodes, caseOfScene

Volumes = Mapping[str, slicer.vtkMRMLVolumeNode]
Segmentations = Mapping[str, slicer.vtkMRMLSegmentationNode]


class TACEResponseLogic:
    """Resample, extract, predict, ICC.

    Methods that take nodes run in the main thread, as MRML must; `predictCase` takes plain data and may run in another.
    All raise ValueError with a sentence for the user.
    """

    def case(
        self,
        volumes: Volumes,
        segmentations: Segmentations,
        clinical: ClinicalRecord | None = None,
        key: CaseKey | None = None,
    ) -> Case:
        """A case of nodes by sequence name, copied into arrays."""
        return caseOfNodes(key or CaseKey("patient"), volumes, segmentations, clinical)

    def caseOfScene(self, parameterNode: slicer.vtkMRMLScriptedModuleNode | None = None) -> Case:
        """The case that the module's parameter node tells: chosen nodes and entered facts."""
        return caseOfScene(parameterNode)

    def resample(
        self,
        volumeNode: slicer.vtkMRMLVolumeNode,
        segmentationNode: slicer.vtkMRMLSegmentationNode,
        spacingMm: tuple[float, float, float] = PAPER_SETTINGS.spacing_mm,
    ) -> ResampledVoi:
        """The VOI on the grid on which its features are computed."""
        return resample(canonical_voi(volumeNode.GetName(), arraySource(volumeNode, segmentationNode)), spacingMm)

    def extract(
        self,
        volumes: Volumes,
        segmentations: Segmentations,
        key: CaseKey | None = None,
        featureSet: str = "paper110",
        settings: FeatureSettings = PAPER_SETTINGS,
        progress: Progress | None = None,
    ) -> FeatureVector:
        """The features of the sequences given."""
        case = self.case(volumes, segmentations, key=key)
        return extract_case(case, FeatureRecipe(tuple(volumes), featureSet, settings), progress).features

    def predict(
        self,
        volumes: Volumes,
        segmentations: Segmentations,
        clinical: ClinicalRecord,
        model: str | Path | ModelBundle,
        key: CaseKey | None = None,
        progress: Progress | None = None,
    ) -> Prediction:
        """The prediction for nodes and facts; the same as ``tace-response predict`` gives for their files."""
        case = self.case(volumes, segmentations, clinical, key)
        return predict_case(case, self.loadModel(model), progress).prediction

    def predictCase(
        self, case: Case, bundle: ModelBundle, progress: Progress | None = None, engine: str = "native"
    ) -> CaseResult:
        """Prediction, images and features of a case of arrays; touches no node."""
        return predict_case(case, bundle, progress, engine=engine)

    def icc(self, features: Path | FeatureTable, reader: str = "1") -> tuple[Repeatability, ...]:
        """Test-retest of ``reader`` and inter-observer ICC(2,1) of a feature table with rows drawn again."""
        table = features if isinstance(features, FeatureTable) else read_feature_table(features)
        return repeatability(table, reader=reader)

    def whatIf(
        self, key: CaseKey, features: FeatureVector | None, clinical: ClinicalRecord, bundle: ModelBundle
    ) -> Prediction:
        """A prediction for the same score and other facts; not this patient's."""
        return predict_from_features(key, features, clinical, bundle)

    def loadModel(self, model: str | Path | ModelBundle) -> ModelBundle:
        """A model by name or folder, or the model itself."""
        return model if isinstance(model, ModelBundle) else load_bundle(find_bundle(model))

    def shippedModels(self) -> tuple[str, ...]:
        """Names of the models that came with the extension."""
        return shipped_bundles()

    def selfCheck(self) -> SelfCheckResult:
        """Whether this installation computes the right features."""
        return self_check()
