"""The panel in 3D Slicer: the only room that knows Qt. Its parts are imported by name, so that plain ones need none."""
