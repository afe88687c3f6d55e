"""Synthetic patients with known truth, for demonstrations and tests; never clinical data."""
