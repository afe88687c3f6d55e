"""The only room that knows MRML: nodes become a Case, results become nodes.

Its modules need the ``slicer`` package: 3D Slicer itself, or the slicer-core wheel.
"""
