"""What a person reads: one patient's report, a study's report, figures."""
