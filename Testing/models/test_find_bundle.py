"""Models are found by path and by name."""

import pytest
from TACEResponseLib.models import find_bundle, load_bundle, save_bundle, shipped_bundles


def test_a_path_comes_first(merged_bundle, tmp_path):
    save_bundle(merged_bundle, tmp_path / "mine")
    assert find_bundle(tmp_path / "mine") == tmp_path / "mine"


def test_a_shipped_name_is_found_from_any_folder(repository, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_bundle("published-clinical") == repository / "trained_models" / "published-clinical"


def test_every_shipped_model_loads():
    assert "published-clinical" in shipped_bundles()
    for name in shipped_bundles():
        assert load_bundle(find_bundle(name)).name == name


def test_an_unknown_name_lists_the_shipped_ones(tmp_path):
    with pytest.raises(ValueError, match=r"no model phantom-xy.*published-clinical"):
        find_bundle("phantom-xy")
    with pytest.raises(ValueError, match="is not a model"):
        find_bundle(tmp_path)
