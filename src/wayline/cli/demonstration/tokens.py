"""The demo's tokens, as files that only their owner may read: one for each login, and `token` for the first of them."""

from __future__ import annotations

import os
from pathlib import Path

from wayline.api.auth import hash_of, new_secret
from wayline.bootstrap import Wayline
from wayline.cli.demonstration.founding import TENANT_ID
from wayline.cli.demonstration.people import COLLEAGUES, LOGINS
from wayline.core.facts import SYSTEM
from wayline.engine.door import Change, Transaction
from wayline.settings import Settings
from wayline.store import access, demo_desk, people

TOKEN_NAME = "demo"  # noqa: S105 - what it is called


def keep_tokens(settings: Settings) -> Path:
    """Have `token` and `tokens/<first name>` in the data directory open the desk; answers where `token` is."""
    token = settings.files_dir / "token"
    wayline = Wayline(settings, workers=False)
    wayline.start()
    try:
        for login in LOGINS:
            _keep(wayline, login.key, settings.files_dir / "tokens" / login.key)
        _keep(wayline, LOGINS[0].key, token)
    finally:
        wayline.stop()
    return token


def _keep(wayline: Wayline, key: str, path: Path) -> None:
    """Leave a file that still opens the desk as it is, and write a new token into any other."""
    email = next(colleague.email for colleague in COLLEAGUES if colleague.key == key)
    kept = hash_of(path.read_text().strip()) if path.exists() else None
    secret, secret_hash = new_secret()

    def write(tx: Transaction) -> bool:
        owner = people.user_with_email(tx.connection, tenant_id=TENANT_ID, email=email)
        assert owner is not None
        if kept is not None and owner["id"] == demo_desk.owner_of_token(
            tx.connection, tenant_id=TENANT_ID, secret_hash=kept, at=tx.at
        ):
            return False
        access.add_token(
            tx.connection,
            tenant_id=TENANT_ID,
            user_id=owner["id"],
            kind="api",
            name=TOKEN_NAME,
            secret_hash=secret_hash,
            abilities=["*"],
            at=tx.at,
            expires_at=None,
        )
        return True

    if wayline.door.submit_and_wait(Change(tenant_id=TENANT_ID, actor=SYSTEM, write=write)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{secret}\n")
