"""The folder of one installation."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

import pytest

from clouddesk.local.errors import StackError
from clouddesk.local.home import Home, cannot_write, write_atomically


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")

    home.prepare()
    before = {path.name: path.read_bytes() for path in home.secrets.iterdir()}
    (home.secrets / "channel").chmod(0o644)
    home.prepare()

    assert {path.name: path.read_bytes() for path in home.secrets.iterdir()} == before
    assert len(before["vault-seal.key"]) == 32
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in home.secrets.iterdir())
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700


def test_two_installations_have_different_ids(tmp_path: Path) -> None:
    assert Home(tmp_path / "a").state()["installation"] != Home(tmp_path / "b").state()["installation"]


@pytest.mark.parametrize("damaged", ["", "{", "[]", "null", '{"installation": 3, "ports": {}}', '{"ports": {}}'])
def test_damaged_state_is_named_with_its_mend(tmp_path: Path, damaged: str) -> None:
    home = Home(tmp_path)
    home.state_file.write_text(damaged)

    with pytest.raises(StackError, match=r"state.json is damaged.*Put"):
        home.state()


def test_long_path_has_its_socket_in_a_private_temporary_folder(tmp_path: Path) -> None:
    short, long = Home(Path("/srv/clouddesk")), Home(tmp_path / ("x" * 90))

    assert short.socket().parent == short.root
    assert len(str(long.socket())) < 90
    assert long.socket() != Home(tmp_path / ("y" * 90)).socket()


def test_half_written_file_never_appears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    write_atomically(path, "old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "new")

    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "is full"), (errno.EDQUOT, "is full"), (errno.EACCES, "cannot be written")]
)
def test_file_errors_become_one_sentence(number: int, words: str) -> None:
    error = cannot_write(Path("/srv/x"), OSError(number, "said the system"))

    assert words in str(error)
    assert "\n" not in str(error)
