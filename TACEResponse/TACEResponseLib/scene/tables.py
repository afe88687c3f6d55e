"""Numbers as table nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import slicer

from ..features import FeatureVector


def newTable(
    name: str, columns: Mapping[str, Sequence[str] | np.ndarray], node: slicer.vtkMRMLTableNode | None = None
) -> slicer.vtkMRMLTableNode:
    """Put columns into a new table node or replace those of ``node``; texts become string columns."""
    import vtk

    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name)
    node.RemoveAllColumns()
    node.SetUseColumnTitleAsColumnHeader(True)
    for title, values in columns.items():
        isText = len(values) > 0 and isinstance(values[0], str)
        array = vtk.vtkStringArray() if isText else vtk.vtkDoubleArray()
        array.SetName(title)
        for value in values:
            array.InsertNextValue(value if isText else float(value))
        node.AddColumn(array)
    node.SetLocked(True)
    return node


def featureTable(features: FeatureVector, name: str = "TACEResponse features") -> slicer.vtkMRMLTableNode:
    """A row for each feature, a column for each sequence; an undefined value is NaN."""
    sequences = tuple(features.input_sha256)
    values = dict(zip(features.names, features.values, strict=True))
    prefix = f"{sequences[0]}_"
    rows = [column.removeprefix(prefix) for column in features.names if column.startswith(prefix)]
    columns: dict[str, Sequence[str] | np.ndarray] = {"Feature": rows}
    columns |= {sequence: np.array([values[f"{sequence}_{row}"] for row in rows]) for sequence in sequences}
    return newTable(name, columns)
