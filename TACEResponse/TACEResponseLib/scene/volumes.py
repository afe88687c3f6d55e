"""Volume nodes as arrays on their own voxel grid."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import slicer

from ..cohort import AcquisitionTags, ImageGeometry
from ..imaging.acquisition_tags import DICOM_TAGS, PHANTOM_KEY, acquisition_tags, clean_text

if TYPE_CHECKING:
    import vtk

_DIGEST_STEP_MM = 1e-4
_DIGEST_OFFSET = 1 / np.pi
"""Geometry is rounded at this part of a step: multiples of 1e-5, which most numbers are, lie off the edges."""


def volumeArray(volumeNode: slicer.vtkMRMLVolumeNode) -> np.ndarray:
    """A copy of the voxels (K, J, I), safe to hand to another thread.

    Raises ValueError for a volume without voxels, with several values per voxel, or under a transform.
    """
    _checkVolume(volumeNode)
    return np.array(slicer.util.arrayFromVolume(volumeNode))


def volumeGeometry(volumeNode: slicer.vtkMRMLVolumeNode) -> ImageGeometry:
    """Where the voxels lie in the patient, LPS in mm. Raises ValueError as `volumeArray` does."""
    import vtk

    _checkVolume(volumeNode)
    ijkToRas = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(ijkToRas)
    return geometryOfMatrix(ijkToRas)


def geometryOfMatrix(ijkToRas: vtk.vtkMatrix4x4, firstVoxel: tuple[int, int, int] = (0, 0, 0)) -> ImageGeometry:
    """The voxel grid of a matrix from voxel indices to RAS, begun at the voxel ``firstVoxel`` (I, J, K)."""
    matrix = np.diag([-1.0, -1.0, 1.0, 1.0]) @ slicer.util.arrayFromVTKMatrix(ijkToRas)
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    if not (spacing > 0).all():
        raise ValueError("its geometry is damaged (an axis of length 0); load it again.")
    origin = matrix @ (*firstVoxel, 1.0)
    return ImageGeometry(
        tuple(float(value) for value in spacing),
        tuple(float(value) for value in origin[:3]),
        tuple(float(value) for value in (matrix[:3, :3] / spacing).ravel()),
    )


def createVolume(
    name: str, voxels: np.ndarray, geometry: ImageGeometry, attributes: Mapping[str, str]
) -> slicer.vtkMRMLScalarVolumeNode:
    """A volume node of voxels (K, J, I) on an LPS voxel grid; the inverse of `volumeArray` and `volumeGeometry`."""
    toLps = np.eye(4)
    toLps[:3, :3] = np.reshape(geometry.direction, (3, 3)) * geometry.spacing_mm
    toLps[:3, 3] = geometry.origin_mm
    ijkToRas = np.diag([-1.0, -1.0, 1.0, 1.0]) @ toLps
    volume = slicer.util.addVolumeFromArray(voxels, ijkToRAS=ijkToRas, name=name)
    for attribute, value in attributes.items():
        volume.SetAttribute(attribute, value)
    return volume


def volumeDigest(volumeNode: slicer.vtkMRMLVolumeNode) -> str:
    """Equal for equal voxels on an equal voxel grid, also after the scene was saved and opened again."""
    _checkVolume(volumeNode)
    voxels = np.ascontiguousarray(slicer.util.arrayFromVolume(volumeNode))
    return contentDigest(voxels, volumeGeometry(volumeNode))


def contentDigest(array: np.ndarray, geometry: ImageGeometry) -> str:
    """SHA-256 of an array and its voxel grid, which is rounded: files keep fewer digits than memory."""
    numbers = np.array([*geometry.spacing_mm, *geometry.origin_mm, *geometry.direction])
    geometry = np.floor(numbers / _DIGEST_STEP_MM + _DIGEST_OFFSET).astype(int)
    digest = hashlib.sha256(f"{array.shape} {array.dtype.str} {geometry.tolist()}".encode())
    digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def geometryWords(volumeNode: slicer.vtkMRMLVolumeNode) -> str:
    """E.g. "288 x 216 x 40 voxels of 1.4 x 1.4 x 5 mm"."""
    size = " x ".join(str(count) for count in volumeNode.GetImageData().GetDimensions())
    spacing = " x ".join(f"{value:.3g}" for value in volumeNode.GetSpacing())
    return f"{size} voxels of {spacing} mm"


def volumeTags(volumeNode: slicer.vtkMRMLVolumeNode) -> AcquisitionTags:
    """What the volume says of patient, study and acquisition.

    From the node's own attributes, where `rememberTags` has put them; else from Slicer's DICOM database; else from the
    header of the file that the volume was loaded from, as Slicer drops the keys of a NRRD header.
    """
    metadata = {name: volumeNode.GetAttribute(name) for name in (*DICOM_TAGS, PHANTOM_KEY)}
    metadata = {name: value for name, value in metadata.items() if value}
    return acquisition_tags(metadata or _dicomMetadata(volumeNode, DICOM_TAGS) or _fileMetadata(volumeNode))


def volumeMetadata(volumeNode: slicer.vtkMRMLVolumeNode, tags: Mapping[str, str]) -> dict[str, str]:
    """Values by DICOM keyword of whatever knows them: attributes, DICOM database, the file's header; none is empty.

    ``tags`` are the keywords wanted with their tags as in `DICOM_TAGS`.
    """
    header = _fileMetadata(volumeNode)
    inFile = {keyword: header.get(keyword) or header.get(tag, "") for keyword, tag in tags.items()}
    attributes = {keyword: volumeNode.GetAttribute(keyword) for keyword in tags}
    metadata = {}
    for source in (inFile, _dicomMetadata(volumeNode, tags), attributes):
        metadata.update({keyword: clean_text(value) for keyword, value in source.items() if value})
    return metadata


def rememberTags(volumeNode: slicer.vtkMRMLVolumeNode) -> AcquisitionTags:
    """Keep the tags as attributes of the node, so that they survive in a scene without files and DICOM database."""
    tags = volumeTags(volumeNode)
    for name, value in attributesOfTags(tags).items():
        if not volumeNode.GetAttribute(name):
            volumeNode.SetAttribute(name, value)
    return tags


def attributesOfTags(tags: AcquisitionTags) -> dict[str, str]:
    """The node attributes that tell the tags; what is not known is absent."""
    values = {
        "PatientID": tags.patient_id,
        "StudyDate": tags.study_date,
        "FrameOfReferenceUID": tags.frame_of_reference_uid,
        "ContrastBolusAgent": tags.contrast_agent,
        "SeriesDescription": tags.series_description,
        "LossyImageCompression": "01" if tags.lossy else None,
        PHANTOM_KEY: "yes" if tags.is_phantom else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _checkVolume(volumeNode: slicer.vtkMRMLVolumeNode) -> None:
    image = volumeNode.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        raise ValueError(f"the volume {volumeNode.GetName()} holds no voxels; load it again.")
    if image.GetNumberOfScalarComponents() != 1:
        raise ValueError(
            f"the volume {volumeNode.GetName()} has {image.GetNumberOfScalarComponents()} values per voxel; choose a "
            "volume with one grey value per voxel."
        )
    checkNoTransform(volumeNode, "volume")


def checkNoTransform(node: slicer.vtkMRMLTransformableNode, kind: str) -> None:
    """Raise ValueError for a node under a transform: its voxels are not where they seem to be."""
    transform = node.GetParentTransformNode()
    if transform is not None:
        raise ValueError(
            f"the {kind} {node.GetName()} is under the transform {transform.GetName()}; harden the transform or take "
            f"the {kind} out of it (module Transforms)."
        )


def _dicomMetadata(volumeNode: slicer.vtkMRMLVolumeNode, tags: Mapping[str, str]) -> dict[str, str]:
    uids = (volumeNode.GetAttribute("DICOM.instanceUIDs") or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    if not uids or database is None or not database.isOpen:
        return {}
    return {keyword: database.instanceValue(uids[0], tag.replace("|", ",")) for keyword, tag in tags.items()}


def _fileMetadata(volumeNode: slicer.vtkMRMLVolumeNode) -> dict[str, str]:
    """Header of the volume's file, unless the volume was changed since or the file is gone."""
    import SimpleITK as sitk

    storage = volumeNode.GetStorageNode()
    path = None if storage is None else storage.GetFullNameFromFileName()
    if not path or volumeNode.GetModifiedSinceRead():
        return {}
    reader = sitk.ImageFileReader()
    reader.SetFileName(path)
    try:
        reader.ReadImageInformation()
    except RuntimeError:
        return {}
    return {key: reader.GetMetaData(key) for key in reader.GetMetaDataKeys()}
