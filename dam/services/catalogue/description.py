"""All that the library knows of an asset."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dam.models.base_component import BaseComponent
from dam.services.catalogue.lookup import find_one_asset
from dam.services.catalogue.pairs import Relative, relatives
from dam.services.catalogue.replaced import replaces
from dam.services.catalogue.trashed import trashed_among
from dam.services.components.ecs import all_components


@dataclass(frozen=True)
class Description:
    """An asset with its components, by kind and age, and the assets that it was compared with or judged against."""

    entity_id: int
    components: Sequence[BaseComponent]
    relatives: Sequence[Relative]
    """Those that are not in the trash."""
    replaces: Sequence[int] = ()
    """The assets that it has replaced; the component `replaced` says by which one it was replaced."""


def describe(session: Session, reference: str) -> Description:
    """Describe the asset that a user means by an id, a hash or its prefix, or a path; also one in the trash.

    Raises:
        NotFoundError: the library has no such asset.
        UsageError: several could be meant; the message lists them.

    """
    entity_id = find_one_asset(session, reference, with_trash=True)
    related = relatives(session, entity_id)
    trashed = trashed_among(session, (relative.entity_id for relative in related))
    shown = [relative for relative in related if relative.entity_id not in trashed]
    return Description(entity_id, all_components(session, entity_id), shown, replaces(session, entity_id))
