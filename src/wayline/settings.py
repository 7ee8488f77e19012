"""Settings: environment variables `WAYLINE_…`, validated at start, each fault naming its variable."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from wayline.actions.addresses import allowed_from
from wayline.core.task_queues import TASK_QUEUES, in_order, names_in
from wayline.store.database import normalised_url
from wayline.store.s3_contents import s3_address

PREFIX = "WAYLINE_"
SECRET_BYTES = 32


class SettingsInvalid(ValueError):
    """What is wrong with the environment, a line a variable."""


class Settings(BaseModel):
    """Everything an operator may set. Field names are the variables', in lower case without the prefix."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    database_url: str = "sqlite:///wayline.db"
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=1, le=65535)
    secret_key: str | None = Field(None, min_length=16)
    data_dir: Path | None = None
    s3_url: str | None = None
    driver: Literal["local"] = "local"
    smtp_url: str | None = None
    mail_from: str = "Wayline <wayline@localhost>"
    outbound_allow: str = ""
    public_url: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    rate_limit_per_minute: int = Field(0, ge=0)
    max_upload_mb: int = Field(25, ge=1, le=1024)
    task_queues: str = ""
    worker_queues: str = ""
    test_clock_offset_s: float = 0.0

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        normalised_url(value)
        return value

    @field_validator("outbound_allow")
    @classmethod
    def _allowed_outbound(cls, value: str) -> str:
        allowed_from(value)
        return value

    @field_validator("task_queues")
    @classmethod
    def _task_queue_names(cls, value: str) -> str:
        names_in(value)
        return value

    @field_validator("worker_queues")
    @classmethod
    def _known_task_queues(cls, value: str, info: ValidationInfo) -> str:
        known = (*TASK_QUEUES, *names_in(info.data.get("task_queues", "")))
        unknown = [name for name in names_in(value) if name not in known]
        if unknown:
            raise ValueError(f"there is no task queue {unknown[0]}, but {', '.join(known)}")
        return value

    @field_validator("s3_url")
    @classmethod
    def _s3(cls, value: str | None) -> str | None:
        if value:
            s3_address(value)
        return value or None

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str | None) -> str | None:
        if value and urlsplit(value).scheme not in ("smtp", "smtps"):
            raise ValueError("write smtp://user:password@host:port, or smtps://…")
        return value or None

    @property
    def every_task_queue(self) -> tuple[str, ...]:
        """The task queues there are: everybody's, and those of this installation."""
        return in_order((*TASK_QUEUES, *names_in(self.task_queues)))

    @property
    def served_task_queues(self) -> tuple[str, ...]:
        """Those that this process's loops do the work of, in the order they do it."""
        return in_order(names_in(self.worker_queues)) or self.every_task_queue

    @property
    def files_dir(self) -> Path:
        """Where uploaded files and the generated secret live: beside an SQLite database unless said otherwise."""
        if self.data_dir is not None:
            return self.data_dir
        path = normalised_url(self.database_url).database or ""
        is_file = self.database_url.startswith("sqlite")
        return (Path(path).parent if is_file else Path()) / "wayline-data"

    @property
    def address(self) -> str:
        """The address people and mails use."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def key(self) -> bytes:
        """The secret key: the one set, else one made once and kept in the data directory, readable by its owner."""
        if self.secret_key:
            return self.secret_key.encode()
        path = self.files_dir / "secret-key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(SECRET_BYTES))
        return path.read_text().strip().encode()


def read_settings(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """The settings of an environment (this process's by default); raises SettingsInvalid naming every bad one."""
    source = os.environ if environment is None else environment
    values: dict[str, Any] = {
        name.removeprefix(PREFIX).lower(): value for name, value in source.items() if name.startswith(PREFIX) and value
    }
    try:
        return Settings.model_validate({**values, **overrides})
    except ValidationError as error:
        faults = [
            f"{PREFIX}{'_'.join(str(p) for p in fault['loc']).upper()}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_url=False)
        ]
        raise SettingsInvalid("\n".join(faults)) from error
