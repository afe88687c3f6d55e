"""Whether a segment or a contour is the tumour, by its name and codes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_TUMOUR = re.compile(
    r"tumou?r|tumeur|lesion|l[aä]sion|\bhcc|hcc\b|neoplas|\bmass\b|\bi?gtv|carcinom|karzinom|\btarget\b|malignan|herd\b|nodul"
    r"|肿瘤|腫瘍|病灶|病変|종양|병변|опухол|очаг"
)

_NOT_THE_TUMOUR = {
    "what lies around the tumour": (
        r"\bperi ?(tumou?r|lesion|hepat)|\bsurround|\bmargin|\brim\b|\bring\b|\bshell\b|\bsafety|\bexpan|\bdilat"
        r"|\bring\w*struct|\bpenumbra|\baround\b|\bumgebung|\brand\b"
        r"|\bnear\b|\bnext to\b|\badjacent|\bbeside\b|\bhalo\b|瘤周|周围|周囲"
    ),
    "all but the tumour": (
        r"\b(with ?out|w o|no|non|not|sans|ohne|sin|senza|sem|free|frei|minus|less|excl\w*|except|exkl\w*|subtract\w*"
        r"|ausser|hors|menos|meno|bez|outside|spared|bar|but|un)\b|(tumou?r|lesion|hcc) ?(free|frei)"
        r"|\bnon ?(tumou?r|lesion)|\bnicht|\bhealthy|\bnormal\b|\bgesund|без|无|無|非|不含"
    ),
    "the liver with the tumour": (
        r"\b(liver|leber|foie|hepar|higado|fegato|figado|parenchym\w*)\b.*(\b(with|incl\w*|and|und|plus|mit|avec|et|con"
        r"|e|y|u)\b)"
        r"|\b(whole|entire|total|all|ganze|gesamt\w*)\b ?(liver|leber|foie|hepar|higado|fegato|figado)"
    ),
    "a part of the tumour or a thrombus": (
        r"\bnecro\w*|\bnekro\w*|\bviable\b|\bvital\w*|\benhanc\w*|\bcapsule\b|\bkapsel\b|thromb\w*|\bpvt+t?\b|\bcore\b|\bcentr\w*"
    ),
    "not an HCC": r"\b(cyst\w*|zyst\w*|h?a?emangiom\w*|fnh|adenom\w*|benign\w*|ablat\w*|lipiodol|scar)\b",
    "a volume for planning a treatment": r"\b[cp]tv\w*|\bitv\w*|\bplanning\b",
}
"""Kinds of segments whose names hold a word for the tumour and mean something else, by what they are."""

_OTHER = re.compile(
    r"liver|leber\b|\bfoie|\bhepar\b|\bhigado|\bfegato|\bfigado|hepatic|parenchym|spleen|milz|kidney|niere|renal|aort"
    r"|vein|vena|vessel|arter|portal|gef[aä]|bile|gall|pancrea|pankrea|stomach|magen|bowel|lung|heart|herz|vertebr|spine"
    r"|muscle|muskel|fat\b|fett|\bbody\b|\bskin\b|external|outline|air\b|background|hintergrund|couinaud|\blobe|ivc\b"
    r"|organ|tissue|肝|脾|肾|門脈|门静脉|간|печень|\bcrop|\bmask$|\bbox\b|\bfov\b"
)

_SIGNS = re.compile(r"[+&]|(?<=\s)-(?=\s)|(?<=liver)-|(?<=leber)-")
_SIGN_WORDS = {"+": " and ", "&": " and ", "-": " minus "}

_ANATOMY_CATEGORY = ("123037004", "T-D0050", "T-D000A")
"""Segmented Property Category codes "anatomical structure" and "tissue" (SNOMED CT, SRT)."""


@dataclass(frozen=True)
class TumourName:
    """``is_tumour`` is None where the name says nothing ("Segment_1"); ``why_not`` is a phrase for a person."""

    is_tumour: bool | None
    why_not: str = ""


def judge_name(name: str, category_code: str = "") -> TumourName:
    """Whether what is called ``name``, of this Segmented Property Category, is the whole tumour."""
    plain = _SIGNS.sub(lambda sign: _SIGN_WORDS[sign.group().strip()], _without_accents(name))
    plain = " ".join(re.sub(r"[\W_]+", " ", plain).split())
    plain = re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", " ", plain)
    for kind, pattern in _NOT_THE_TUMOUR.items():
        if re.search(pattern, plain):
            return TumourName(False, kind)
    if _TUMOUR.search(plain):
        return TumourName(True)
    if _OTHER.search(plain):
        return TumourName(False, "another structure by its name")
    if category_code in _ANATOMY_CATEGORY:
        return TumourName(False, "an anatomical structure by its code")
    return TumourName(None)


def number_in(name: str) -> int | None:
    """The number that tells lesions apart: "Lesion 2" is 2; None if there is none, or several."""
    numbers = re.findall(r"\d+", name)
    return int(numbers[0]) if len(numbers) == 1 and int(numbers[0]) > 0 else None


def _without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(one for one in plain if not "\u0300" <= one <= "\u036f"))
