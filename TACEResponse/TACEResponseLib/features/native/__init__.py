"""The native engine: the 110 features in NumPy, SciPy and SimpleITK, with PyRadiomics' numbers."""
