"""OpenBao (the Vault API): its configuration, and what is set up in it by code on the first start.

The static seal's key and the recovery key lie in ``secrets/``, readable by the owner only. The root token is revoked
at the end of the set-up; a later version of this set-up makes itself a new one from the recovery key.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tenacity

from clouddesk.local import readiness
from clouddesk.local.errors import StackError
from clouddesk.local.home import Home, write_atomically

MOUNT = "clouddesk"
REVISION = 3
"""Of the policies and roles below; a stack that was set up with an older one is brought up to date."""

# The front may write what people give it and see what there is, and never read a secret back. Public keys are no
# secret; they are here because they must not be lost or changed by anybody else.
_FRONT: Mapping[str, list[str]] = {
    f"{MOUNT}/data/people/*": ["create", "update"],
    f"{MOUNT}/metadata/people/*": ["create", "update", "read", "list", "delete"],
    f"{MOUNT}/data/ssh-keys/*": ["create", "update", "read"],
    # What gets people into a reservation's software; CloudDesk's own key lies beside it and stays the worker's.
    f"{MOUNT}/data/reservations/+/software": ["read"],
}
_ROLES: Mapping[str, Mapping[str, list[str]]] = {
    "desk": _FRONT,
    "gateway": _FRONT,
    # The worker uses people's secrets and can change none; the machines' own ones are its own.
    "worker": {
        f"{MOUNT}/data/people/*": ["read"],
        f"{MOUNT}/metadata/people/*": ["read", "list"],
        f"{MOUNT}/data/ssh-keys/*": ["read"],
        f"{MOUNT}/data/reservations/*": ["create", "update", "read"],
        f"{MOUNT}/metadata/reservations/*": ["read", "list", "delete"],
    },
}

# Locking memory needs a right that an ordinary user does not have. The performance multiplier 1 elects the only node
# in 1.5 s instead of 9. `generate-root` needs the recovery key, and is how a newer version changes policies after the
# root token was revoked.
_CONFIG = """\
ui = false
disable_mlock = true
api_addr = "http://127.0.0.1:{port}"
cluster_addr = "http://127.0.0.1:{cluster_port}"
log_level = "warn"

storage "raft" {{
  path = {storage}
  node_id = "local"
  performance_multiplier = "1"
}}

listener "tcp" {{
  address = "127.0.0.1:{port}"
  cluster_address = "127.0.0.1:{cluster_port}"
  tls_disable = true
  disable_unauthed_generate_root_endpoints = false
}}

seal "static" {{
  current_key_id = "local-1"
  current_key = {seal_key}
}}

audit "file" "stdout" {{
  options {{
    file_path = "stdout"
  }}
}}
"""

_HEALTH = "/v1/sys/health"
_NOT_INITIALISED = 501
_UNSEAL_SECONDS = 30


def config_file(home: Home) -> Path:
    return home.data / "vault.hcl"


def write_config(home: Home, *, port: int, cluster_port: int) -> None:
    """One node on loopback: raft storage, static seal, every request in the log with its secrets hashed."""
    storage = home.data / "vault"
    storage.mkdir(exist_ok=True)
    text = _CONFIG.format(
        port=port,
        cluster_port=cluster_port,
        storage=json.dumps(str(storage)),
        seal_key=json.dumps(f"file://{home.secrets / 'vault-seal.key'}"),
    )
    write_atomically(config_file(home), text)


def is_ready(home: Home, address: str) -> bool:
    """Answers, unsealed, and set up. Changes nothing."""
    return readiness.http_ok(f"{address}{_HEALTH}") and _is_set_up(home.secrets)


def prepare(home: Home, address: str) -> None:
    """Do the set-up when it is missing and Vault answers already."""
    status = readiness.http_status(f"{address}{_HEALTH}")
    if status != _NOT_INITIALISED and (status != readiness.OK or _is_set_up(home.secrets)):
        return
    import hvac  # only the first start needs them
    import requests

    try:
        set_up(address, home.secrets, storage=home.data / "vault")
    except requests.RequestException:
        return  # it has ended in the middle: the next look at the process tells, and the set-up goes on where it was
    except hvac.exceptions.VaultError as error:
        raise StackError(f"Vault refused its set-up: {error}.", f"Its log is {home.log('vault')}.") from error


def set_up(address: str, secrets: Path, *, storage: Path) -> None:
    """Initialise, mount, write policies and roles, keep the roles' ids in ``secrets``, revoke root.

    Idempotent: cut off anywhere, the next call goes on from what there is.
    """
    import hvac

    client = hvac.Client(url=address)
    kept = _kept(secrets)
    if not client.sys.is_initialized():
        # OpenBao keeps the seal's key itself; recovery keys are for `generate-root`. HashiCorp's Vault without an
        # automatic seal has unseal keys instead, which serve for both.
        answer = _initialise(client)
        kept = {"key": answer["key"], "root_token": answer["root_token"], "is_unseal_key": answer["is_unseal_key"]}
        write_atomically(secrets / "vault-setup.json", json.dumps(kept))
    elif not kept:
        raise StackError(
            "Vault's first set-up was cut off before its keys were written; nothing is stored in it yet.",
            f"Delete {storage} and start again.",
        )
    _unseal(client, kept)
    if kept.get("revision") == REVISION and all((secrets / f"vault-{role}.json").exists() for role in _ROLES):
        return
    client.token = kept.get("root_token") or _new_root_token(client, kept["key"])
    try:
        _configure(client, secrets)
    except hvac.exceptions.Forbidden:
        # The root token was revoked, and the crash came before the note of it: make another.
        client.token = _new_root_token(client, kept["key"])
        _configure(client, secrets)
    client.auth.token.revoke_self()
    done = {"key": kept["key"], "is_unseal_key": kept["is_unseal_key"], "revision": REVISION}
    write_atomically(secrets / "vault-setup.json", json.dumps(done))


def _is_set_up(secrets: Path) -> bool:
    roles = all((secrets / f"vault-{role}.json").exists() for role in _ROLES)
    return roles and _kept(secrets).get("revision") == REVISION


def _kept(secrets: Path) -> dict[str, Any]:
    path = secrets / "vault-setup.json"
    try:
        kept: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        raise StackError(f"{path} is damaged.", "Put it back from a copy; without it policies cannot change.") from None
    return kept


def _initialise(client: Any) -> dict[str, Any]:
    seal = client.seal_status
    has_own_seal = seal.get("type") != "shamir"
    kind = "recovery" if has_own_seal else "secret"
    answer = client.sys.initialize(**{f"{kind}_shares": 1, f"{kind}_threshold": 1})
    key = answer["recovery_keys_base64" if has_own_seal else "keys_base64"][0]
    return {"key": key, "root_token": answer["root_token"], "is_unseal_key": not has_own_seal}


def _unseal(client: Any, kept: Mapping[str, Any]) -> None:
    if kept["is_unseal_key"] and client.sys.is_sealed():
        client.sys.submit_unseal_key(kept["key"])
    until = time.monotonic() + _UNSEAL_SECONDS
    while readiness.http_status(f"{client.url}{_HEALTH}") != readiness.OK:
        if time.monotonic() > until:
            raise StackError("Vault does not unseal.", "See its log for the reason.")
        time.sleep(0.1)


def _new_root_token(client: Any, key: str) -> str:
    """A root token from the recovery key, by the one-time-pad exchange that Vault prescribes."""
    client.token = None
    client.sys.cancel_root_generation()
    started = client.sys.start_root_token_generation()
    answer = client.sys.generate_root(key=key, nonce=started["nonce"])
    encoded = answer["encoded_root_token"]
    scrambled = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    return bytes(a ^ b for a, b in zip(scrambled, started["otp"].encode(), strict=True)).decode()


def _configure(client: Any, secrets: Path) -> None:
    if f"{MOUNT}/" not in client.sys.list_mounted_secrets_engines()["data"]:
        client.sys.enable_secrets_engine("kv", path=MOUNT, options={"version": "2"})
    if "approle/" not in client.sys.list_auth_methods()["data"]:
        client.sys.enable_auth_method("approle")
    _wait_for_mount(client)
    for role, rules in _ROLES.items():
        policy = {"path": {path: {"capabilities": capabilities} for path, capabilities in rules.items()}}
        client.sys.create_or_update_policy(f"{MOUNT}-{role}", policy)
        # Tokens are short and made anew by whoever holds the role; the role's own id lasts as long as the stack.
        client.auth.approle.create_or_update_approle(
            role,
            token_policies=[f"{MOUNT}-{role}"],
            token_ttl="1h",  # noqa: S106 - a time, not a token
            token_max_ttl="24h",  # noqa: S106
            secret_id_ttl="0",  # noqa: S106
            secret_id_num_uses=0,
        )
        ids = secrets / f"vault-{role}.json"
        if not ids.exists():
            role_id = client.auth.approle.read_role_id(role)["data"]["role_id"]
            secret_id = client.auth.approle.generate_secret_id(role)["data"]["secret_id"]
            write_atomically(ids, json.dumps({"role_id": role_id, "secret_id": secret_id}))


def _wait_for_mount(client: Any) -> None:
    """A new KV v2 mount refuses requests for a moment while it makes itself versioned."""
    import hvac

    attempts = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(hvac.exceptions.InvalidRequest),
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(_UNSEAL_SECONDS),
        reraise=True,
    )
    attempts(client.secrets.kv.v2.read_configuration, mount_point=MOUNT)
