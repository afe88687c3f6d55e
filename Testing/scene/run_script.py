"""Run a script on the slicer-core wheel as Slicer would: with a scene and the modules' logic."""

import runpy
import sys
from types import SimpleNamespace

import slicer

factory = slicer.vtkSegmentationConverterFactory.GetInstance()
factory.RegisterConverterRule(slicer.vtkBinaryLabelmapToClosedSurfaceConversionRule())
slicer.mrmlScene = slicer.vtkMRMLScene()
logics = {"segmentations": slicer.vtkSlicerSegmentationsModuleLogic(), "volumes": slicer.vtkSlicerVolumesLogic()}
for logic in logics.values():
    logic.SetMRMLScene(slicer.mrmlScene)
slicer.modules = SimpleNamespace(**{name: SimpleNamespace(logic=lambda own=own: own) for name, own in logics.items()})
remote = slicer.vtkMRMLRemoteIOLogic()
remote.SetMRMLScene(slicer.mrmlScene)
remote.AddDataIOToScene()

sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
