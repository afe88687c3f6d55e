"""What a person reads: one patient's report, a study's report, figures."""

from .patient_report import patient_report, write_patient_report

__all__ = ["patient_report", "write_patient_report"]
