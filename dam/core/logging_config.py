"""Logging: one handler on stderr, at the level of `DAM_LOG_LEVEL`."""

import logging


def setup_logging(level: str | None = None) -> None:
    """Send the messages of the `dam` loggers to stderr.

    `level` is a name such as `"DEBUG"`; without it, `DAM_LOG_LEVEL` decides. Can be called again.
    """
    if level is None:
        from dam.core.config import settings  # noqa: PLC0415  a caller with a level needs no settings

        level = settings.DAM_LOG_LEVEL
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("dam")
    root.handlers[:] = [handler]
    root.setLevel(level)
    root.propagate = False
