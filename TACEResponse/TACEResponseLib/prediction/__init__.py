"""Features + facts + ModelBundle -> Prediction: the one path to a probability."""

from .predict import predict_from_features
from .result import Contribution, PerturbationBand, Position, Prediction
from .serialisation import (
    PREDICTION_COLUMNS,
    prediction_from_dict,
    prediction_row,
    prediction_to_dict,
    read_prediction,
    write_prediction,
    write_predictions_table,
)
from .wording import plain_text

__all__ = [
    "PREDICTION_COLUMNS",
    "Contribution",
    "PerturbationBand",
    "Position",
    "Prediction",
    "plain_text",
    "predict_from_features",
    "prediction_from_dict",
    "prediction_row",
    "prediction_to_dict",
    "read_prediction",
    "write_prediction",
    "write_predictions_table",
]
