"""Files and folders appear whole or not at all."""

import pytest
from TACEResponseLib.cohort import check_can_write, new_folder, replace_file


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "new" / "result.json"
    replace_file(path, b"one")
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(path.parent) == ["result.json"]


def test_a_folder_gets_its_name_at_the_end(tmp_path):
    with new_folder(tmp_path / "cohort") as part:
        (part / "a").write_text("a")
        assert not (tmp_path / "cohort").exists()
    assert (tmp_path / "cohort" / "a").read_text() == "a"
    assert names(tmp_path) == ["cohort"]


def test_a_failure_leaves_no_folder(tmp_path):
    def fail():
        with new_folder(tmp_path / "cohort") as part:
            (part / "a").write_text("a")
            raise KeyError("oops")

    with pytest.raises(KeyError):
        fail()
    assert names(tmp_path) == []


def test_a_full_folder_is_kept_unless_it_is_to_be_replaced(tmp_path):
    folder = tmp_path / "cohort"
    folder.mkdir()
    (folder / "old").write_text("old")
    with pytest.raises(ValueError, match="already exists"), new_folder(folder):
        pass
    with pytest.raises(KeyError), new_folder(folder, replace=True):
        raise KeyError
    assert names(folder) == ["old"]
    with new_folder(folder, replace=True) as part:
        (part / "new").write_text("new")
    assert names(folder) == ["new"]
    assert names(tmp_path) == ["cohort"]


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ValueError, match="cannot be written"):
        replace_file(tmp_path / "file" / "result.json", b"one")
    with pytest.raises(ValueError, match="cannot be written"), new_folder(tmp_path / "file" / "cohort"):
        pass
    with pytest.raises(ValueError, match="already exists"), new_folder(tmp_path / "file", replace=True):
        pass


def test_a_place_where_nothing_can_be_written_is_told_beforehand(tmp_path):
    (tmp_path / "file").write_text("x")
    check_can_write(tmp_path / "new" / "folder", folder=True)
    check_can_write(tmp_path, folder=True)
    check_can_write(tmp_path / "file", folder=False)
    for path, folder, words in (
        (tmp_path / "file", True, "is a file"),
        (tmp_path, False, "is a folder"),
        (tmp_path / "file" / "deep" / "table.csv", False, "is a file, not a folder"),
    ):
        with pytest.raises(ValueError, match=words):
            check_can_write(path, folder)
    assert names(tmp_path) == ["file"]


def test_what_could_not_be_written_has_its_final_name(tmp_path):
    with pytest.raises(ValueError, match="cannot be written") as caught, new_folder(tmp_path / "cohort") as part:
        replace_file(part / ("x" * 300), b"a name that no file system takes")
    assert str(tmp_path / "cohort" / "xxx") in str(caught.value)
    assert ".part" not in str(caught.value).replace("x" * 300, "")
