"""``--settings``: extract with other settings, and train with a check of them."""

import json

from TACEResponseLib.features import provenance_path, read_feature_table, read_settings
from TACEResponseLib.phantom import write_cohort

TEXT = "setting:\n  binCount: 16\n  normalize: true\n  resampledPixelSpacing: [2, 2, 2]\n"


def test_extract_and_train_with_other_settings(run, tmp_path):
    settings = tmp_path / "ours.yaml"
    settings.write_text(TEXT, encoding="utf-8")
    manifest = write_cohort(tmp_path / "cohort", 12, seed=4)
    table, model = tmp_path / "features.csv", tmp_path / "model"
    set_of = ("--feature-set", "firstorder+ngtdm", "--sequences", "AP")
    code, _, errors = run("extract", manifest, "--out", table, "--settings", settings, *set_of)
    assert code == 0, errors
    assert read_feature_table(table).settings == read_settings(settings)
    assert json.loads(provenance_path(table).read_text())["settings"]["bin_count"] == 16

    train = ("train", manifest, "--features", table, "--kind", "lasso", "--out", model)
    other = tmp_path / "other.yaml"
    other.write_text(TEXT.replace("16", "32"), encoding="utf-8")
    code, _, errors = run(*train, "--settings", other)
    assert code == 1
    assert "16 bins" in errors
    assert "32 bins" in errors
    settings.write_text(TEXT + "  kernelRadius: 1\n", encoding="utf-8")
    code, _, errors = run("icc", manifest, "--out", tmp_path / "icc", "--settings", settings)
    assert code == 1
    assert "ours.yaml: kernelRadius is not supported" in errors
