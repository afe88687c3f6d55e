"""A protocol over a cohort, and training a bundle."""
