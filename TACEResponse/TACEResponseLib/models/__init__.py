"""What learns and what has been learnt: scaler, networks, logistic regression, merged models, bundles."""

from .bundle import Estimate, ModelBundle

__all__ = ["Estimate", "ModelBundle"]
