"""The settings: arguments over the environment over `.env` over the default library over defaults.

`DAM_DATABASE_URL` goes before `DATABASE_URL`, which other programs use, too. `--library` goes before both.

Nothing is read when this module is imported. `load_settings()` reads anew each time; `settings` stands for what the
first use of it found.
"""

import logging
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dam.core.errors import UsageError
from dam.core.libraries import DATABASE_NAME, NamedLibrary, config_path, find_library, read_libraries, sqlite_url
from dam.core.setting_errors import in_words

logger = logging.getLogger(__name__)

ENV_FILE = ".env"
OWN_DATABASE_URL = "DAM_DATABASE_URL"
PLACE = ("DATABASE_URL", "ASSET_STORAGE_PATH")
"""The settings that say where the library is."""
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


class Settings(BaseModel):
    """The settings and their defaults. `load_settings` reads them."""

    model_config = ConfigDict(extra="ignore", validate_default=True)

    DATABASE_URL: str = Field(
        default_factory=lambda: sqlite_url(default_home() / DATABASE_NAME),
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
    DAM_OCR_SECONDS: int = Field(
        default=1800,
        ge=0,
        le=86400,
        description="Seconds that reading the words in one file may take before it is given up.",
    )
    DAM_WORKER_MEMORY_MB: int = Field(
        default=4096,
        ge=256,
        description="Address space of a worker process in MB (2^20 bytes); a file that needs more is given up.",
    )

    DAM_UMASK: str = Field(
        default="077",
        description="Permissions that others do not get, in octal: 027 lets the group read, 007 lets it write, too.",
    )

    @field_validator("DAM_UMASK")
    @classmethod
    def _check_umask(cls, umask: str) -> str:
        if not re.fullmatch("0*[0-7]{1,2}", umask):
            raise ValueError(f"{umask!r} is not the octal umask of a group and others, such as 077, 027 or 007")
        return f"{int(umask, 8):03o}"

    @property
    def umask(self) -> int:
        """`DAM_UMASK` as a number."""
        return int(self.DAM_UMASK, 8)

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
    """Read the settings; those that are given come before all others.

    Raises:
        UsageError: a value is not valid, or `.env` or the configuration file cannot be read.

    """
    try:
        return Settings(**{name: value for name, (value, _) in _found().items()} | given)
    except ValidationError as exc:
        problems = (f"{error['loc'][0] if error['loc'] else 'settings'}: {in_words(error)}" for error in exc.errors())
        raise UsageError(f"settings: {'; '.join(problems)}") from exc
    except FileNotFoundError as exc:
        raise UsageError(f"settings: a path is relative, and {NO_WORKING_DIRECTORY}") from exc


def setting_origins() -> dict[str, str]:
    """Return where each setting comes from: `environment`, `--library`, `default`, or the absolute path of a file.

    The file is `.env` in the working directory, or the user's configuration file.

    Raises:
        UsageError: one of them cannot be read.

    """
    return dict.fromkeys(Settings.model_fields, "default") | {name: origin for name, (_, origin) in _found().items()}


def env_file_hint(settings: Settings) -> str:
    """Return ` (DATABASE_URL is from PATH/.env)` where that is so, for a message: it may be of another project."""
    note = env_file_note(settings)
    return f" ({note})" if note else ""


def env_file_note(settings: Settings) -> str:
    """Return `DATABASE_URL is from PATH/.env` where `.env` decides where the library is, nothing otherwise."""
    if not os.path.isfile(ENV_FILE) or default_settings().DATABASE_URL != settings.DATABASE_URL:
        return ""
    path, origins = os.path.abspath(ENV_FILE), setting_origins()
    names = [name for name in PLACE if origins[name] == path]
    return f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} from {path}" if names else ""


def use_library(name: str) -> None:
    """Use the library of a name in the configuration file, of a SQLite file, or of the folder that has one.

    Raises:
        UsageError: there is no such library.

    """
    global _library  # noqa: PLW0603  the option of a process, as the environment is
    _library = find_library(name)
    default_settings.cache_clear()


_library: NamedLibrary | None = None
"""What `--library` says."""


def _found() -> dict[str, tuple[Any, str]]:
    """Return the settings that are set anywhere: value and origin."""
    env_file = _read_env_file()
    layers = [(env_file, os.path.abspath(ENV_FILE))] if env_file else []
    layers.append((os.environ, "environment"))
    found: dict[str, tuple[Any, str]] = {}
    for values, origin in layers:
        found |= {name: (value, origin) for name, value in _named(values).items()}
    if own := [(url, origin) for values, origin in layers if (url := values.get(OWN_DATABASE_URL))]:
        found["DATABASE_URL"] = own[-1]
    if _library:
        return {name: each for name, each in found.items() if name not in PLACE} | _place(_library, "--library")
    if not found.keys() & set(PLACE) and (libraries := read_libraries()).default:
        found |= _place(libraries.named[libraries.default], str(config_path()))
    return found


def _place(library: NamedLibrary, origin: str) -> dict[str, tuple[Any, str]]:
    place: dict[str, tuple[Any, str]] = {"DATABASE_URL": (library.url, origin)}
    return place | ({"ASSET_STORAGE_PATH": (library.store, origin)} if library.store else {})


def _read_env_file() -> Mapping[str, str | None]:
    """Return what is in `.env`; UsageError if it cannot be read."""
    try:
        return _env_file()
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
    global _library  # noqa: PLW0603  as above
    _library = None
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
