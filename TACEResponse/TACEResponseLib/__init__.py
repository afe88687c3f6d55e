"""TACEResponse: probability of objective response to TACE from four MR sequences with VOIs and four clinical facts.

The rooms, from the ground to the roof (each imports only the rooms above it in this list): cohort, imaging, intake,
features, repeatability, batch, models, prediction, evaluation, study, reporting, phantom, scene, panel.
"""

__version__ = "0.1.0"
