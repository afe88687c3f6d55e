"""How good is a model: ROC, calibration, decision curves, intervals, Tables 1 and 2, the table auditor."""
