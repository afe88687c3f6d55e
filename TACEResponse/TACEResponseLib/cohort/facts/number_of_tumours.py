"""How many tumours the liver has."""

from .measured import measured

NUMBER_OF_TUMOURS = measured(
    "number_of_tumours",
    "number of tumours",
    "",
    least=1.0,
    most=30.0,
    whole=True,
)
