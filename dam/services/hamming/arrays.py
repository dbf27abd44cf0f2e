"""Load the perceptual hashes of all assets as arrays."""

from array import array
from contextlib import closing
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from dam.models.base_component import BaseComponent
from dam.models.image_perceptual_hash_ahash_component import ImagePerceptualHashAhashComponent
from dam.models.image_perceptual_hash_dhash_component import ImagePerceptualHashDhashComponent
from dam.models.image_perceptual_hash_phash_component import ImagePerceptualHashPhashComponent

TABLES: dict[str, type[BaseComponent]] = {
    "phash": ImagePerceptualHashPhashComponent,
    "ahash": ImagePerceptualHashAhashComponent,
    "dhash": ImagePerceptualHashDhashComponent,
}
ROWS = 1 << 10
"""Number of rows fetched at once: few, because as Python objects they take twenty times the memory of the numbers."""

Ids: TypeAlias = NDArray[np.int64]
Hashes: TypeAlias = NDArray[np.uint64]


def load_hashes(session: Session, name: str) -> tuple[Ids, Hashes]:
    """Return the entities with a hash, ascending, and their hashes, each of shape (n,)."""
    with closing(_cursor(session)) as cursor:
        cursor.execute(f"SELECT entity_id, hash_value FROM {TABLES[name].__tablename__}")  # noqa: S608  a constant
        ids, values = _numbers(cursor)
    if (ids[1:] < ids[:-1]).any():
        order = np.argsort(ids)
        ids, values = ids[order], values[order]
    return ids, values.view(np.uint64)


def _cursor(session: Session) -> Any:
    """Return a streaming cursor of the driver: rows of SQLAlchemy take three times as long.

    The cursor of a streamed SQLAlchemy result does not work, because it has already fetched the first row.
    """
    driver: Any = session.connection().connection.driver_connection
    return driver.cursor() if session.get_bind().dialect.name == "sqlite" else driver.cursor(name="hashes")


def _numbers(cursor: Any) -> tuple[Ids, Ids]:
    """Read two columns of numbers into arrays that grow in place: concatenating parts takes twice the memory."""
    ids, values = array("q"), array("q")
    while rows := cursor.fetchmany(ROWS):
        columns = np.fromiter(chain.from_iterable(rows), np.int64, 2 * len(rows)).reshape(-1, 2)
        ids.frombytes(columns[:, 0].tobytes())
        values.frombytes(columns[:, 1].tobytes())
    return np.asarray(ids), np.asarray(values)
