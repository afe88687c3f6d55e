"""Words that every bundle of this study shares."""

OUTCOME = "objective response (mRECIST CR or PR)"
TIME_HORIZON = "MR about 3 months after the first TACE"
CLINICAL_CODING = {
    "child_pugh_b_or_c": "Child-Pugh class B or C (against A)",
    "portal_venous_invasion": "portal venous invasion by enhancing tumour thrombus, not bland thrombus",
    "afp_above_400_ng_ml": "AFP above 400 ng/mL",
    "ast_above_40_u_l": "AST above 40 U/L",
}
RESEARCH_USE = (
    "Research use only; no medical device. It does not judge whether TACE is indicated, and must not be the reason to "
    "give or to withhold a treatment."
)
