"""What must hold between the sequences of one case (clinical.md)."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from TACEResponseLib.cohort import AcquisitionTags
from TACEResponseLib.imaging import canonical_voi, check_between_sequences


@pytest.fixture
def vois(make_source):
    """Four sequences of one lesion as two field strengths would give them: other voxels, other shapes of the VOI."""
    grids = {"T2": (1.19, 1.19, 5.0), "AP": (1.79, 1.89, 2.5), "PVP": (1.79, 1.89, 2.5), "DP": (2.0, 2.0, 4.0)}
    shapes = {"T2": (16, 60, 60), "AP": (32, 40, 40), "PVP": (32, 40, 40), "DP": (20, 36, 36)}
    radii = {"T2": (14, 13, 12), "AP": (14, 13, 12), "PVP": (13, 13, 12), "DP": (14, 12, 12)}
    result = {}
    for seed, (name, spacing) in enumerate(grids.items()):
        origin = tuple(-0.5 * (n - 1) * s for n, s in zip(shapes[name][::-1], spacing, strict=True))
        source = make_source(spacing, shapes[name], seed, radii[name], origin_mm=origin)
        result[name] = canonical_voi(name, source)
    return result


@pytest.fixture
def check(key):
    """Compare the sequences; returns the warnings by code."""

    def run(vois, study_before=None):
        warnings = check_between_sequences(key, vois, study_before)
        codes = [warning.code for warning in warnings]
        assert len(set(codes)) == len(codes)
        assert all(warning.sequence is None for warning in warnings)
        return {warning.code: warning.text for warning in warnings}

    return run


def _tagged(vois, **tags):
    """Give tags by sequence: ``field={"AP": value}``."""
    result = dict(vois)
    for field, values in tags.items():
        for sequence, value in values.items():
            changed = replace(result[sequence].tags, **{field: value})
            result[sequence] = replace(result[sequence], tags=changed)
    return result


def _moved(voi, shift_mm):
    origin = tuple(np.add(voi.placement.origin_mm, shift_mm).tolist())
    return replace(voi, placement=replace(voi.placement, origin_mm=origin))


def test_one_lesion_on_four_sequences_passes_without_warnings(check, vois):
    assert check(vois) == {}


class TestTags:
    """Patient, study, frame of reference, contrast agent."""

    def test_differing_patients_are_refused(self, check, vois):
        tagged = _tagged(vois, patient_id={"T2": "A1", "AP": "A1", "DP": "B2"})
        with pytest.raises(
            ValueError,
            match=r"^Patient HCC_07b: .*2 different entries of PatientID \(T2, AP: \u2068A1\u2069; DP: \u2068B2\u2069",
        ):
            check(tagged)

    def test_differing_study_dates_are_refused(self, check, vois):
        tagged = _tagged(vois, study_date={"T2": "20210304", "AP": "20210305"})
        expected = r"^Patient HCC_07b: .*study date \(T2: \u206820210304\u2069; AP: \u206820210305\u2069\)"
        with pytest.raises(ValueError, match=expected):
            check(tagged)

    def test_sequences_that_do_not_say_are_not_compared(self, check, vois):
        assert check(_tagged(vois, patient_id={"AP": "A1"}, study_date={"AP": "20210304"})) == {}

    def test_a_study_after_the_tace_is_refused_and_one_on_its_day_accepted(self, check, vois):
        tagged = _tagged(vois, study_date=dict.fromkeys(vois, "20210304"))
        assert check(tagged, date(2021, 3, 4)) == {}
        assert check(vois, date(1990, 1, 1)) == {}
        with pytest.raises(
            ValueError, match="acquired on \u20682021-03-04\u2069, after the TACE of \u20682021-03-03\u2069"
        ):
            check(tagged, date(2021, 3, 3))

    def test_a_study_date_that_is_no_date_is_refused_where_it_must_be_compared(self, check, vois):
        tagged = _tagged(vois, study_date=dict.fromkeys(vois, "March"))
        with pytest.raises(ValueError, match="T2 has the study date \u2068'March'\u2069, which is not a date"):
            check(tagged, date(2021, 3, 3))

    def test_differing_frames_of_reference_are_warned_of(self, check, vois):
        tagged = _tagged(vois, frame_of_reference_uid={"T2": "1.2", "AP": "1.3", "PVP": "1.3", "DP": "1.3"})
        found = check(tagged)
        assert list(found) == ["different_frame_of_reference"]
        assert "(T2; AP, PVP, DP)" in found["different_frame_of_reference"]
        assert "cannot be copied" in found["different_frame_of_reference"]
        assert check(_tagged(vois, frame_of_reference_uid=dict.fromkeys(vois, "1.2"))) == {}

    @pytest.mark.parametrize(
        "agent", ["Primovist", "EOVIST 10ml", "gadoxetate disodium", "Gadoxetic acid", "Gd-EOB-DTPA"]
    )
    def test_gadoxetate_is_warned_of(self, check, vois, agent):
        found = check(_tagged(vois, contrast_agent={"DP": agent}))
        assert list(found) == ["gadoxetate"]
        assert found["gadoxetate"].partition(" (DP: ")[2].partition(")")[0] in agent
        assert "10ml" not in found["gadoxetate"]
        assert "transitional, not delayed" in found["gadoxetate"]

    @pytest.mark.parametrize("agent", ["Gadovist", "Dotarem", "Magnevist", "ProHance", None])
    def test_extracellular_agents_are_not(self, check, vois, agent):
        assert check(_tagged(vois, contrast_agent={"DP": agent})) == {}


class TestLesion:
    """Whether the four VOIs can be one lesion."""

    def test_centres_apart_by_half_the_smaller_diameter(self, check, vois):
        # The largest diameter is about 28 mm (radius 14 along K), so half of it is 13 to 14 mm.
        assert check({**vois, "DP": _moved(vois["DP"], (0, 12, 0))}) == {}
        found = check({**vois, "DP": _moved(vois["DP"], (0, 14.5, 0))})
        assert list(found) == ["centres_apart"]
        for pair in ("T2 and DP 14.", "AP and DP 14.", "PVP and DP 14."):
            assert pair in found["centres_apart"]
        assert "T2 and AP" not in found["centres_apart"]

    def test_centres_apart_by_15_mm_in_a_large_lesion(self, check, make_source):
        large = canonical_voi("AP", make_source((2, 2, 4), (30, 60, 60), radius_mm=(50, 48, 44)))
        other = canonical_voi("DP", make_source((2, 2, 4), (30, 60, 60), seed=1, radius_mm=(48, 48, 44)))
        assert check({"AP": large, "DP": _moved(other, (14, 0, 0))}) == {}
        assert list(check({"AP": large, "DP": _moved(other, (16, 0, 0))})) == ["centres_apart"]

    def test_no_overlap(self, check, vois):
        found = check({**vois, "T2": _moved(vois["T2"], (0, 0, -40))})
        assert set(found) == {"no_overlap", "centres_apart"}
        assert "(T2 and AP; T2 and PVP; T2 and DP)" in found["no_overlap"]

    @pytest.mark.parametrize("steps", [0, 10, 29, 30, 31])
    def test_a_single_row_of_common_voxels_is_an_overlap(self, check, make_source, steps):
        """Two boxes of 27,000 voxels on one voxel grid, ``steps`` of their 30 voxels of width apart."""
        mask = np.zeros((40, 40, 80), bool)
        mask[5:35, 5:35, 2:32] = True
        moved = np.roll(mask, steps, axis=2)
        one, other = make_source((1, 1, 1), mask.shape), make_source((1, 1, 1), mask.shape, seed=1)
        found = check(
            {
                "AP": canonical_voi("AP", replace(one, mask=mask)),
                "DP": canonical_voi("DP", replace(other, mask=moved)),
            }
        )
        assert ("no_overlap" in found) == (not (mask & moved).any())

    def test_overlap_is_judged_in_the_patient_not_by_voxel_index(self, check, make_source, rotation):
        one = make_source((2, 2, 4), (20, 36, 36))
        turned = replace(one, direction=rotation, voxels=make_source((2, 2, 4), (20, 36, 36), seed=1).voxels)
        found = check({"AP": canonical_voi("AP", one), "DP": canonical_voi("DP", turned)})
        assert "identical_masks" in found
        assert "centres_apart" in found

    def test_volume_ratio_over_one_and_a_half(self, check, vois, make_source):
        small = make_source((2.0, 2.0, 4.0), (20, 36, 36), 3, (11, 11, 11), origin_mm=(-35.0, -35.0, -38.0))
        found = check({**vois, "DP": canonical_voi("DP", small)})
        assert list(found) == ["volume_ratio"]
        expected = 14 * 13 * 12 / 11**3
        stated = float(found["volume_ratio"].split("a factor of ")[1].split(",")[0])
        assert stated == pytest.approx(expected, rel=0.1)

    def test_identical_masks_even_if_shifted_as_a_whole(self, check, make_source):
        source = make_source()
        other = make_source(seed=1)
        shifted = replace(other, mask=np.roll(source.mask, (1, 2, -1), (0, 1, 2)))
        found = check({"AP": canonical_voi("AP", source), "PVP": canonical_voi("PVP", shifted)})
        assert list(found) == ["identical_masks"]
        assert "(AP, PVP)" in found["identical_masks"]

    def test_identical_masks_whatever_the_last_digits_of_the_spacing(self, check, make_source):
        source = make_source((1.79, 1.89, 3.26995))
        other = replace(make_source((1.79, 1.89, 3.27), seed=1), mask=source.mask)
        found = check({"AP": canonical_voi("AP", source), "PVP": canonical_voi("PVP", other)})
        assert list(found) == ["identical_masks"]

    def test_one_voxel_of_difference_is_not_identical(self, check, make_source):
        source = make_source()
        mask = source.mask.copy()
        mask[tuple(np.argwhere(mask)[3])] = False
        edited = replace(make_source(seed=1), mask=mask)
        assert check({"AP": canonical_voi("AP", source), "PVP": canonical_voi("PVP", edited)}) == {}

    def test_one_image_for_several_sequences(self, check, vois, make_source):
        same = make_source((1.79, 1.89, 2.5), (32, 40, 40), 1, (13, 12, 12))
        same = canonical_voi("PVP", replace(same, origin_mm=vois["AP"].placement.origin_mm))
        assert same.image_sha256 == vois["AP"].image_sha256
        found = check({**vois, "PVP": same})
        assert list(found) == ["same_image"]
        assert "(AP, PVP)" in found["same_image"]


def test_tags_of_the_fixture_are_empty(vois):
    assert all(voi.tags == AcquisitionTags() for voi in vois.values())
