"""Words that every bundle of this study shares."""

from ..cohort import TERMS

OUTCOME = "objective response (mRECIST CR or PR)"
TIME_HORIZON = "MR about 3 months after the first TACE"
CLINICAL_CODING = {name: term.coding for name, term in TERMS.items()}
RESEARCH_USE = (
    "Research use only; no medical device. It does not judge whether TACE is indicated, and must not be the reason to "
    "give or to withhold a treatment."
)
