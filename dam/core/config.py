"""The settings: arguments over the environment over `.env` over defaults.

Nothing is read when this module is imported. `load_settings()` reads anew each time; `settings` stands for what the
first use of it found.
"""

import logging
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dam.core.errors import UsageError

logger = logging.getLogger(__name__)

ENV_FILE = ".env"
NO_WORKING_DIRECTORY = "the working directory was removed: change to another one (cd)"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SQLITE_PREFIX = "sqlite:///"

DIALECTS = {"sqlite": "sqlite", "postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
"""The supported databases by scheme of the URL, each with its driver."""


def default_home() -> Path:
    """Return the user's data folder for dam: the same from every working directory."""
    try:
        return Path(platformdirs.user_data_dir("dam", appauthor=False))
    except RuntimeError as exc:
        raise UsageError("settings: you have no home directory: set HOME, or DATABASE_URL") from exc


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file; `%` and `?` mean something in a URL."""
    return SQLITE_PREFIX + str(path).replace("%", "%25").replace("?", "%3F")


class Settings(BaseModel):
    """The settings and their defaults. `load_settings` reads them."""

    model_config = ConfigDict(extra="ignore", validate_default=True)

    DATABASE_URL: str = Field(
        default_factory=lambda: sqlite_url(default_home() / "dam.sqlite3"),
        description="Where the database is: sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME.",
    )
    ASSET_STORAGE_PATH: Path = Field(
        default=Path(),  # replaced below: it depends on DATABASE_URL
        description="Folder of the content-addressed store.",
    )
    DAM_LOG_LEVEL: str = Field(
        default="INFO",
        description="Least severe log message shown on stderr: DEBUG, INFO, WARNING, ERROR or CRITICAL.",
    )
    DAM_LOCK_TIMEOUT: float = Field(
        default=30.0,
        ge=0,
        le=24 * 60 * 60,
        description="Seconds to wait for another process to release the database before giving up (exit 11).",
    )
    DAM_BACKUPS: int = Field(
        default=5,
        ge=0,
        le=1000,
        description="Number of backups kept beside the SQLite database; 0: none, also not before an upgrade.",
    )

    DAM_DECODE_SECONDS: int = Field(
        default=60,
        ge=1,
        description="Seconds that decoding one file may take before it is given up.",
    )
    DAM_WORKER_MEMORY_MB: int = Field(
        default=4096,
        ge=256,
        description="Address space of a worker process in MB (2^20 bytes); a file that needs more is given up.",
    )

    @field_validator("DATABASE_URL")
    @classmethod
    def _name_the_driver(cls, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        dialect = DIALECTS.get(scheme.partition("+")[0].lower())
        if not separator or not dialect:
            raise ValueError(f"{scheme!r} is not supported: use sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
        return f"{dialect}://{rest}"

    @field_validator("DAM_LOG_LEVEL")
    @classmethod
    def _fall_back_to_info(cls, level: str) -> str:
        if level.strip().upper() in LOG_LEVELS:
            return level.strip().upper()
        logger.warning("DAM_LOG_LEVEL %r is none of %s: using INFO", level, ", ".join(LOG_LEVELS))
        return "INFO"

    @model_validator(mode="after")
    def _place_the_store(self) -> "Settings":
        """Default to a store beside the SQLite file, so that each database has its own."""
        if "ASSET_STORAGE_PATH" not in self.model_fields_set:
            database = self.sqlite_path
            self.ASSET_STORAGE_PATH = (database.parent if database else default_home()) / "store"
        self.ASSET_STORAGE_PATH = self.ASSET_STORAGE_PATH.expanduser().absolute()
        return self

    @property
    def sqlite_path(self) -> Path | None:
        """The SQLite file, or None for another database or one in memory."""
        path = self.DATABASE_URL.removeprefix(SQLITE_PREFIX)
        if path in (self.DATABASE_URL, "", ":memory:"):
            return None
        return Path(unquote(path.partition("?")[0])).absolute()


def load_settings(**given: Any) -> Settings:
    """Read the settings from the environment, `.env` and the defaults; those that are given come before all these.

    Raises:
        UsageError: a value is not valid, or `.env` cannot be read.

    """
    try:
        return Settings(**_in_env_file() | _named(os.environ) | given)
    except ValidationError as exc:
        problems = "; ".join(
            f"{error['loc'][0] if error['loc'] else 'settings'}: {error['msg']}" for error in exc.errors()
        )
        raise UsageError(f"settings: {problems}") from exc
    except FileNotFoundError as exc:
        raise UsageError(f"settings: a path is relative, and {NO_WORKING_DIRECTORY}") from exc


def setting_origins() -> dict[str, str]:
    """Return where each setting comes from: `environment`, the absolute path of a `.env` file, or `default`.

    Raises:
        UsageError: `.env` cannot be read.

    """
    in_file = _in_env_file()
    origins = dict.fromkeys(Settings.model_fields, "default")
    origins |= dict.fromkeys(in_file, os.path.abspath(ENV_FILE)) if in_file else {}
    return origins | dict.fromkeys(_named(os.environ), "environment")


def env_file_hint(settings: Settings) -> str:
    """Return ` (DATABASE_URL is from PATH/.env)` where that is so, for a message: it may be of another project."""
    origin = setting_origins()["DATABASE_URL"]
    if origin in ("default", "environment") or default_settings().DATABASE_URL != settings.DATABASE_URL:
        return ""
    return f" (DATABASE_URL is from {origin})"


def _in_env_file() -> dict[str, str]:
    """Return the settings in `.env`; UsageError if it cannot be read."""
    try:
        return _named(_env_file())
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"settings: cannot read .env: {exc}") from exc


def _env_file() -> Mapping[str, str | None]:
    """Read `.env` in the working directory, if there is one."""
    if not os.path.isfile(ENV_FILE):
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415  most commands find no such file

    return dotenv_values(ENV_FILE, encoding="utf-8")


def _named(values: Mapping[str, str | None]) -> dict[str, str]:
    """Return the values that are settings, by name in upper case. Empty ones do not count."""
    names = Settings.model_fields.keys()
    return {name.upper(): value for name, value in values.items() if value and name.upper() in names}


@cache
def default_settings() -> Settings:
    """Return the settings of this process, read when they are first asked for; see `load_settings`."""
    return load_settings()


def reset() -> None:
    """Discard the cached settings of this process; they are read again when next needed."""
    default_settings.cache_clear()


class _DefaultSettings:
    """Lazy proxy of `default_settings()`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(default_settings(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(default_settings(), name, value)

    def __repr__(self) -> str:
        return repr(default_settings())


settings = cast("Settings", _DefaultSettings())
"""The settings of this process."""
