import pytest

from email_assistant.storage.atomic import atomic_path, partial_of


def test_a_file_is_replaced_only_when_its_block_ends(tmp_path):
    target = tmp_path / "memo.json"
    target.write_text("old")
    with atomic_path(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_the_target_and_nothing_else(tmp_path, fault):
    target = tmp_path / "memo.json"
    target.write_text("old")
    with pytest.raises(fault), atomic_path(target) as partial:
        partial.write_text("half")
        raise fault
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_process_left_is_not_in_the_next_folder(tmp_path):
    target = tmp_path / "checkpoint"
    partial_of(target).mkdir()
    (partial_of(target) / "torn").write_text("half")
    with atomic_path(target) as partial:
        partial.mkdir()
        (partial / "weights").write_text("whole")
    assert [path.name for path in target.iterdir()] == ["weights"]
    assert list(tmp_path.iterdir()) == [target]
