"""One patient with images, and an HTML parser that accepts only well-formed pages."""

from html.parser import HTMLParser

import pytest
from TACEResponseLib.cohort import Case, CaseKey, ClinicalRecord
from TACEResponseLib.imaging import read_case_images

_VOID_ELEMENTS = {"meta", "br", "link", "img", "input", "hr"}


class _Page(HTMLParser):
    """Elements, attributes and visible texts of a page; an element closed out of turn is an error."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.attributes, self.texts = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        if tag not in _VOID_ELEMENTS:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in _VOID_ELEMENTS:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["style"], ["title"]):
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="session")
def parse():
    """Parse a page."""
    return _Page


@pytest.fixture(scope="session")
def case(make_lesion_source):
    """One patient with T2 and AP and all facts."""
    sources = {"T2": make_lesion_source((1.9, 1.9, 5.0), seed=1), "AP": make_lesion_source(seed=2)}
    return Case(
        CaseKey("HCC_07b", reader="2"),
        sources,
        ClinicalRecord.from_cells(child_pugh="B8", portal_venous_invasion="no", afp_ng_ml="820", ast_u_l="37"),
    )


@pytest.fixture(scope="session")
def images(case):
    """The patient's images."""
    return read_case_images(case, ("T2", "AP"))
