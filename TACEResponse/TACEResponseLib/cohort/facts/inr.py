"""International normalised ratio of the prothrombin time."""

from .measured import measured

INR = measured(
    "inr",
    "INR",
    "",
    least=0.3,
    most=15.0,
)
