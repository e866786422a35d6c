"""Keys of the simulated clouds: one per owner, for good."""

import stat
from pathlib import Path

from clouddesk.sandbox.keys import Keys, make_aws_key, make_digitalocean_key, write_atomically


def keys(folder: Path) -> Keys:
    return Keys(folder / "keys.json", identify="token", operator={"token": "op"}, make=make_digitalocean_key)


def test_key_of_an_owner_stays_the_same_over_a_restart(tmp_path: Path) -> None:
    given = keys(tmp_path).issue("local/ann")
    again = keys(tmp_path)
    assert again.issue("local/ann") == given
    assert again.find(given["token"]) == ("local/ann", given)
    assert again.issue("local/bob") != given


def test_operators_key_is_known_and_never_written(tmp_path: Path) -> None:
    made = keys(tmp_path)
    made.issue("local/ann")
    assert made.find("op") == ("operator", {"token": "op"})
    assert "operator" not in (tmp_path / "keys.json").read_text()


def test_unknown_key_is_not_found(tmp_path: Path) -> None:
    assert keys(tmp_path).find("dop_v1_other") is None


def test_keys_have_the_shape_of_the_real_clouds() -> None:
    assert len(make_aws_key()["access_key_id"]) == 20
    assert len(make_aws_key()["secret_access_key"]) == 40
    assert len(make_digitalocean_key()["token"]) == len("dop_v1_") + 64


def test_file_is_replaced_as_a_whole_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
