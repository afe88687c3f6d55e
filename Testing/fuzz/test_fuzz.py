"""A short round of `make fuzz`, and the files of every writer at hand, none of which may be refused."""

import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked and limited as on Linux")

pytest.importorskip("nibabel")

from fuzz_corpus import IMAGES, MASKS, truth  # noqa: E402
from fuzz_images import mask_path, read_checked  # noqa: E402
from fuzz_process import Tally, run_cases, table  # noqa: E402
from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from run import KINDS  # noqa: E402
from TACEResponseLib.imaging import canonical_voi  # noqa: E402
from TACEResponseLib.imaging.meta_header import parse_meta_image  # noqa: E402
from TACEResponseLib.imaging.nifti_header import parse_nifti  # noqa: E402
from TACEResponseLib.imaging.nrrd_header import parse_nrrd  # noqa: E402


@pytest.mark.parametrize("writer", IMAGES)
def test_a_valid_image_of_every_writer_is_read_as_it_is(tmp_path, assert_same, writer):
    assert_same(read_checked(IMAGES[writer](tmp_path), mask_path(tmp_path)))


@pytest.mark.parametrize("writer", MASKS)
def test_a_valid_mask_of_every_writer_is_read_as_it_is(tmp_path, assert_same, writer):
    assert_same(read_checked(IMAGES["nrrd, ITK"](tmp_path), MASKS[writer](tmp_path)))


@pytest.fixture
def assert_same():
    """The canonical VOI of the arrays that every file was written from."""
    import numpy as np

    expected = canonical_voi("AP", truth())

    def check(voi):
        np.testing.assert_array_equal(voi.voxels, expected.voxels)
        np.testing.assert_array_equal(voi.mask, expected.mask)
        np.testing.assert_allclose(voi.spacing_mm, expected.spacing_mm, rtol=1e-6)
        np.testing.assert_allclose(voi.placement.origin_mm, expected.placement.origin_mm, atol=1e-3)
        np.testing.assert_allclose(voi.placement.direction, expected.placement.direction, atol=1e-6)

    return check


@pytest.mark.parametrize("kind", KINDS)
def test_a_short_round_finds_nothing_silent_and_no_crash(kind):
    tally = run_cases(kind, KINDS[kind], range(60))
    assert not tally.failed, "\n".join(tally.findings)
    assert tally.tried == 60
    # Mutations that are all refused, or all harmless, would try nothing.
    assert tally.counts["right"] > 5
    assert tally.counts["refused"] > 10
    assert tally.peak_mb < 2000


class TestOfTheFuzzer:
    """It notices what it is there for."""

    def test_a_process_that_ends_and_one_that_raises_are_crashes(self):
        import os

        def case(seed, folder):
            if seed == 1:
                os._exit(3)
            if seed == 2:
                raise KeyError(seed)
            return "right", ""

        tally = run_cases("toy", case, range(5))
        assert tally.counts == {"right": 3, "crash": 2}
        assert tally.failed
        assert "seed 1: crash: the process ended with 3" in tally.findings[0]

    def test_silent_cases_fail_and_are_listed(self):
        tally = run_cases("toy", lambda seed, folder: ("silent", "wrong"), range(2))
        assert tally.failed
        assert "toy seed 1: silent: wrong" in tally.findings
        assert table([tally]).splitlines()[1].split()[:6] == ["toy", "2", "0", "0", "2", "0"]

    def test_a_clean_round_does_not_fail(self):
        assert not Tally("toy").failed


_LINES = st.lists(st.text(st.characters(codec="latin-1", exclude_characters="\n"), max_size=40), max_size=12)
_NRRD_LINES = st.lists(
    st.sampled_from(
        [
            "type: short", "dimension: 3", "dimension: 4", "sizes: 2 3 4", "sizes: 1 2 3 4", "encoding: raw",
            "endian: big", "space directions: (1,0,0) (0,1,0) (0,0,2)",
            "space directions: none (1,0,0) (0,1,0) (0,0,2)",
            "space: left-posterior-superior", "kinds: domain domain domain", "spacings: 1 1 2", "spacings: nan 0 2",
            "space origin: (0,0,0)", "byte skip: -1", "line skip: 3", 'space units: "mm" "mm" "mm"', "a:=b", "#", "",
        ]
    ),
    max_size=14,
)  # fmt: skip


@given(lines=st.one_of(_LINES, _NRRD_LINES), data=st.binary(max_size=60))
def test_any_nrrd_header_is_parsed_or_refused(lines, data):
    _parsed_or_refused(parse_nrrd, "\n".join(["NRRD0004", *lines, "", ""]).encode("latin-1") + data)


@given(lines=_LINES, data=st.binary(max_size=60))
def test_any_meta_image_header_is_parsed_or_refused(lines, data):
    text = "\n".join(["NDims = 3", *lines, "ElementDataFile = LOCAL", ""])
    _parsed_or_refused(parse_meta_image, text.encode("latin-1") + data)


@given(start=st.sampled_from([b"\x5c\x01\0\0", b"\0\0\x01\x5c", b"\x1c\x02\0\0", b""]), data=st.binary(max_size=600))
def test_any_nifti_header_is_parsed_or_refused(start, data):
    _parsed_or_refused(lambda content: parse_nifti(content, False), start + data)


def _parsed_or_refused(parse, content):
    try:
        header, refusal = parse(content), ""
    except ValueError as error:
        header, refusal = None, str(error)
    assert "\n" not in refusal
    assert not refusal.endswith(".")
    if header is not None:
        assert len(header.sizes) == 3
        assert header.voxel_bytes < 2**31
