"""Names and tags as scanners of several makers and countries write them, and the sequences a radiologist would say."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.intake import SeriesFacts, assign_sequences, facts_from_dicom, load_rules
from TACEResponseLib.intake.assign import HIGH, LOW, MEDIUM
from TACEResponseLib.intake.classify import classify

RULES = load_rules()


def assigned(*series):
    """{sequence: identifier} of series given as names or facts."""
    facts = [SeriesFacts(one, one) if isinstance(one, str) else one for one in series]
    result = assign_sequences(facts)
    assert {*result.passed_over, *(choice.identifier for choice in result.chosen.values())} == {
        one.identifier for one in facts
    }
    return {sequence: choice.identifier for sequence, choice in result.chosen.items()}, result


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("t2_tse_fs_tra_mbh", "T2"),
        ("AX T2 FRFSE FS RTr", "T2"),
        ("T2W_SPAIR_tra", "T2"),
        ("HASTE tra mbh", "T2"),
        ("T2加权 轴位", "T2"),
        ("t1_vibe_fs_tra_dyn_art", "AP"),
        ("Ax LAVA Late Arterial", "AP"),
        ("eTHRIVE_arteriell", "AP"),
        ("T1 VIBE Spätarteriell", "AP"),
        ("T1 EG 3D FS artériel tardif", "AP"),
        ("VIBE FASE ARTERIOSA", "AP"),
        ("T1 arterial tardía", "AP"),
        ("动脉期", "AP"),
        ("造影 動脈相", "AP"),
        ("T1 동맥기", "AP"),
        ("Артериальная фаза", "AP"),
        ("HAP tra", "AP"),
        ("mDIXON_W art in breath-hold", "AP"),
        ("T2 prae TACE", "T2"),
        ("mDIXON_W_art", "AP"),
        ("t1_vibe_dixon_tra_bh_art_W", "AP"),
        ("dyn 25 s", "AP"),
        ("t1_vibe_fs_tra_dyn_pv", "PVP"),
        ("Ax LAVA Portal Venous", "PVP"),
        ("T1 temps portal", "PVP"),
        ("VIBE portalvenös", "PVP"),
        ("FASE PORTALE", "PVP"),
        ("fase venosa portal", "PVP"),
        ("门静脉期", "PVP"),
        ("門脈相", "PVP"),
        ("문맥기", "PVP"),
        ("Портальная фаза", "PVP"),
        ("dyn_70sec", "PVP"),
        ("Ax LAVA Delayed 5min", "DP"),
        ("T1 VIBE Spätphase", "DP"),
        ("T1 FS tardif 3 min", "DP"),
        ("Fase de equilibrio", "DP"),
        ("equilibrium phase", "DP"),
        ("延迟期", "DP"),
        ("平衡相", "DP"),
        ("지연기", "DP"),
        ("Отсроченная фаза", "DP"),
        ("t1_vibe_fs_tra_dyn_3min", "DP"),
        ("t1_vibe_fs_tra_dyn", "dynamic"),
        ("dyn art/pv/del", "dynamic"),
        ("Sagittal knee", "never"),
        ("phantom quality", "unknown"),
    ],
)
def test_a_name_says_the_sequence(name, kind):
    assert classify(SeriesFacts("1", name), RULES).kind == kind, classify(SeriesFacts("1", name), RULES)


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("t1_vibe_fs_tra_pre", "pre-contrast"),
        ("t1_vibe_fs_tra_nativ", "pre-contrast"),
        ("T1 VIBE ohne KM", "pre-contrast"),
        ("T1 mask art", "pre-contrast"),
        ("T1 sans injection", "pre-contrast"),
        ("T1 senza mdc", "pre-contrast"),
        ("Ax LAVA w/o contrast", "pre-contrast"),
        ("T1 平扫", "pre-contrast"),
        ("조영전 T1", "pre-contrast"),
        ("t1_vibe_fs_tra_hbp", "hepatobiliary"),
        ("hepatobiliary 20min", "hepatobiliary"),
        ("t1_vibe_dyn 20 min", "hepatobiliary"),
        ("T1 delayed 15 min", "hepatobiliary"),
        ("肝胆期", "hepatobiliary"),
        ("t1_vibe_dixon_tra_bh_F", "DIXON"),
        ("t1_vibe_dixon_tra_bh_in", "DIXON"),
        ("t1_vibe_dixon_tra_bh_opp", "DIXON"),
        ("Ax T1 in/opp phase", "DIXON"),
        ("FAT: Ax LAVA-Flex", "DIXON"),
        ("mDIXON_F_art", "DIXON"),
        ("mDixon_IP_art", "DIXON"),
        ("mDixon_OP_art", "DIXON"),
        ("mDIXON-All art", "DIXON"),
        ("t1_vibe_fs_tra_bh_prae", "pre-contrast"),
        ("T1 VIBE prä KM", "pre-contrast"),
        ("sin cte T1 vibe", "pre-contrast"),
        ("non-con LAVA", "pre-contrast"),
        ("t1_vibe_fs_tra_dyn_art_SUB", "subtraction"),
        ("soustraction artériel", "subtraction"),
        ("减影 动脉期", "subtraction"),
        ("ADC (10^-6 mm²/s)", "diffusion"),
        ("ep2d_diff_b50_400_800_tra", "diffusion"),
        ("DWI b800", "diffusion"),
        ("T2 map", "derived"),
        ("art MIP", "derived"),
        ("T2* mapping", "derived"),
        ("t2_space_cor MRCP", "MRCP"),
        ("localizer", "localiser"),
        ("3-plane loc", "localiser"),
        ("t2_haste_cor_mbh", "not transverse"),
        ("CARE bolus", "localiser"),
    ],
)
def test_what_must_never_be_assigned(name, because):
    kind = classify(SeriesFacts("1", name), RULES)
    assert kind.kind == "never"
    assert kind.reason.startswith(because), kind.reason


@pytest.mark.parametrize(
    ("tags", "because"),
    [
        ({"image_type": ("DERIVED", "PRIMARY", "DIXON", "FAT")}, "DIXON"),
        ({"image_type": ("ORIGINAL", "PRIMARY", "DIFFUSION", "NONE")}, "diffusion"),
        ({"image_type": ("DERIVED", "SECONDARY", "SUBTRACTION")}, "derived|subtraction"),
        ({"slice_count": 3}, "only 3 slices"),
        ({"plane": "coronal"}, "not transverse"),
    ],
)
def test_tags_forbid_what_a_name_would_allow(tags, because):
    kind = classify(SeriesFacts("1", "t1_vibe_fs_tra_dyn_art", **tags), RULES)
    assert kind.kind == "never"
    assert kind.reason.split(":")[0].split(" ")[0] in because or kind.reason.startswith(because)


def test_a_usual_study_is_assigned_with_high_confidence():
    chosen, result = assigned(
        "localizer", "t2_haste_cor", "t2_tse_fs_tra", "ep2d_diff_b800", "ADC", "t1_vibe_pre", "t1_vibe_art",
        "t1_vibe_pv", "t1_vibe_delayed", "t1_vibe_art_SUB", "t1_vibe_hbp_20min",
    )  # fmt: skip
    assert chosen == {
        "T2": "t2_tse_fs_tra",
        "AP": "t1_vibe_art",
        "PVP": "t1_vibe_pv",
        "DP": "t1_vibe_delayed",
    }
    assert {choice.confidence for choice in result.chosen.values()} == {HIGH}
    assert result.chosen["AP"].reason == 'its name holds "art"'
    assert "subtraction" in result.passed_over["t1_vibe_art_SUB"]


def test_of_several_arterial_phases_the_late_one_by_name_or_by_time():
    chosen, _ = assigned("t1 early arterial", "t1 late arterial", "t1 portal")
    assert chosen["AP"] == "t1 late arterial"
    chosen, result = assigned(
        *(SeriesFacts(f"art {n}", "vibe arterial", acquired_at_s=36_000 + 10 * n) for n in (2, 3, 1)),
        SeriesFacts("pv", "vibe pv", acquired_at_s=36_070),
    )
    assert chosen["AP"] == "art 3"
    assert result.chosen["AP"].confidence == MEDIUM
    assert "of 3 series the late arterial one, the last by time at 10:00:30" in result.chosen["AP"].reason
    # After 50 s it is no arterial phase any more, whatever it is called.
    chosen, _ = assigned(
        SeriesFacts("a", "art", acquired_at_s=1030, contrast_started_at_s=1000),
        SeriesFacts("b", "art", acquired_at_s=1080, contrast_started_at_s=1000),
    )
    assert chosen["AP"] == "a"


def dynamic(times, **rest):
    return [
        SeriesFacts(f"phase {n}", "t1_vibe_fs_tra_dyn", acquired_at_s=36_000.0 + t, temporal_position=n, **rest)
        for n, t in enumerate(times, start=1)
    ]


def test_phases_of_one_dynamic_series_by_time():
    # Pre-contrast at 0, injection about 60 s later.
    chosen, result = assigned(*dynamic((0, 85, 125, 240)))
    assert chosen == {"AP": "phase 2", "PVP": "phase 3", "DP": "phase 4"}
    assert {choice.confidence for choice in result.chosen.values()} == {LOW}
    assert result.passed_over["phase 1"].startswith("pre-contrast")
    # Two arterial phases of one breath-hold: the later.
    assert assigned(*dynamic((0, 85, 97, 140, 250)))[0] == {"AP": "phase 3", "PVP": "phase 4", "DP": "phase 5"}
    # The pre-contrast series has a name of its own, so that the first dynamic one is arterial.
    pre = SeriesFacts("pre", "t1_vibe_fs_tra_nativ", acquired_at_s=35_900)
    assert assigned(pre, *dynamic((0, 40, 150)))[0] == {"AP": "phase 1", "PVP": "phase 2", "DP": "phase 3"}
    # The time of the contrast agent is known.
    known, result = assigned(*dynamic((0, 85, 125, 240), contrast_started_at_s=36_055.0))
    assert known == {"AP": "phase 2", "PVP": "phase 3", "DP": "phase 4"}
    assert result.chosen["AP"].confidence == MEDIUM
    assert result.chosen["AP"].reason == "30 s after the contrast agent by its tags"


def test_no_contrast_agent_is_assumed():
    chosen, result = assigned(*dynamic((0, 40)))
    assert chosen == {}
    assert "whether contrast agent was given" in result.passed_over["phase 1"]


def test_without_times_only_the_order_of_positions_is_left():
    series = [SeriesFacts(str(n), "LAVA dyn", temporal_position=n) for n in (3, 1, 2, 4)]
    assert assigned(*series)[0] == {"AP": "2", "PVP": "3", "DP": "4"}
    assert assigned(*series, SeriesFacts("5", "LAVA dyn", temporal_position=5))[0] == {}


def test_times_that_contradict_the_names_lower_all_phases():
    _, result = assigned(
        SeriesFacts("a", "vibe art", acquired_at_s=500),
        SeriesFacts("p", "vibe portal", acquired_at_s=400),
        SeriesFacts("d", "vibe delayed", acquired_at_s=600),
        SeriesFacts("t", "t2 tse", acquired_at_s=900),
    )
    assert {sequence: choice.confidence for sequence, choice in result.chosen.items()} == {
        "T2": HIGH,
        "AP": LOW,
        "PVP": LOW,
        "DP": LOW,
    }
    assert "contradict their order (AP at 00:08:20, PVP at 00:06:40" in result.chosen["PVP"].reason


@pytest.mark.parametrize("agent", ["Primovist", "GADOXETATE DISODIUM", "Gd-EOB-DTPA", "Eovist 10 ml"])
def test_a_hepatobiliary_agent_is_warned_of(agent):
    _, result = assigned(
        SeriesFacts("a", "art", contrast_agent=agent), SeriesFacts("d", "delayed", contrast_agent=agent)
    )
    assert "transitional" in result.warnings[0]
    assert result.chosen["DP"].confidence == LOW
    assert result.chosen["AP"].confidence == HIGH


def test_tags_become_facts():
    facts = facts_from_dicom(
        "1.2",
        {
            "SeriesDescription": "dyn",
            "ImageType": "ORIGINAL\\PRIMARY\\M",
            "AcquisitionTime": "101528.500000",
            "ContrastBolusStartTime": "1015",
            "TemporalPositionIdentifier": "3",
            "ImageOrientationPatient": "1\\0\\0\\0\\0.9\\-0.43",
            "EchoTime": "1.4",
            "RepetitionTime": "3.9",
        },
        80,
    )
    assert facts.acquired_at_s == 36_928.5
    assert facts.delay_s == 28.5
    assert (facts.plane, facts.temporal_position, facts.slice_count) == ("transverse", 3, 80)
    assert facts.image_type == ("ORIGINAL", "PRIMARY", "M")
    assert facts_from_dicom("1", {"AcquisitionTime": "nonsense", "ImageOrientationPatient": "1\\2"}).plane is None


def test_a_users_own_names_decide_before_the_librarys(tmp_path):
    own = tmp_path / "rules.json"
    own.write_text(
        json.dumps({"sequences": {"AP": ["^ser 12 sub$"]}, "never": {"our test": {"name": ["delayed x"]}}}), "utf-8"
    )
    rules = load_rules(own)
    names = ["SER_12 SUB", "delayed x", "delayed y"]
    result = assign_sequences([SeriesFacts(name, name) for name in names], rules)
    assert {sequence: choice.identifier for sequence, choice in result.chosen.items()} == {
        "AP": "SER_12 SUB",
        "DP": "delayed y",
    }
    assert result.passed_over["delayed x"].startswith("our test")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no JSON .line 1"),
        ("[]", "must hold an object"),
        ('{"sequence": {}}', "'sequence', which is not known"),
        ('{"sequences": {"HBP": ["x"]}}', "'HBP'"),
        ('{"sequences": {"AP": ["("]}}', "not understood"),
        ('{"sequences": []}', "another form"),
        ('{"schema": 2}', "schema 2"),
    ],
)
def test_a_rules_file_that_is_not_understood_is_refused(tmp_path, content, words):
    own = tmp_path / "rules.json"
    own.write_text(content, "utf-8")
    with pytest.raises(ValueError, match=words):
        load_rules(own)
    with pytest.raises(ValueError, match="cannot be read"):
        load_rules(tmp_path / "nowhere.json")


_names = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["art", "late art", "pv", "delayed", "t2 tse fs", "haste", "vibe dyn", "pre", "sub art", "ADC"]),
)
_times = st.one_of(st.none(), st.floats(0, 86_399))


@given(
    st.lists(
        st.tuples(_names, _times, _times, st.one_of(st.none(), st.integers(0, 9)), st.sampled_from(["", "Gd"])),
        max_size=12,
    )
)
def test_any_study_gets_an_answer_that_never_uses_what_must_not_be_used(rows):
    series = [
        SeriesFacts(str(n), name, acquired_at_s=time, contrast_started_at_s=start, temporal_position=position,
                    contrast_agent=agent)
        for n, (name, time, start, position, agent) in enumerate(rows)
    ]  # fmt: skip
    chosen, _ = assigned(*series)
    assert len(set(chosen.values())) == len(chosen)
    for identifier in chosen.values():
        assert classify(series[int(identifier)], RULES).kind != "never"
