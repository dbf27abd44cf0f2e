from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, LargeBinary, select, type_coerce
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from dam.models import ContentHashMd5Component, Entity, ImagePerceptualHashPhashComponent, TagComponent
from dam.services.components import ecs

MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001  the strategy adds the time zone
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours))),
)
# One session serves all examples: each adds an entity of its own.
many = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(digest=st.binary(max_size=64))
def test_digests_are_digits_here_and_bytes_there(db_session: Session, digest: bytes) -> None:
    component = ContentHashMd5Component(entity=Entity(), hash_value=digest.hex())
    db_session.add(component)
    db_session.flush()
    db_session.expire(component)
    assert component.hash_value == digest.hex()
    stored = select(type_coerce(ContentHashMd5Component.hash_value, LargeBinary))
    assert db_session.scalar(stored.where(ContentHashMd5Component.id == component.id)) == digest


@many
@given(bits=st.integers(0, 2**64 - 1))
def test_perceptual_hashes_are_digits_here_and_signed_integers_there(db_session: Session, bits: int) -> None:
    component = ImagePerceptualHashPhashComponent(entity=Entity(), hash_value=f"{bits:016x}")
    db_session.add(component)
    db_session.flush()
    db_session.expire(component)
    assert component.hash_value == f"{bits:016x}"
    stored = select(type_coerce(ImagePerceptualHashPhashComponent.hash_value, BigInteger))
    signed = db_session.scalar(stored.where(ImagePerceptualHashPhashComponent.id == component.id))
    assert signed is not None
    assert signed % 2**64 == bits


@pytest.mark.parametrize("wrong", ["", "ff", "0" * 15, "0" * 17, "0" * 18, "x" * 16])
def test_only_sixteen_digits_are_a_perceptual_hash(db_session: Session, wrong: str) -> None:
    db_session.add(ImagePerceptualHashPhashComponent(entity=Entity(), hash_value=wrong))
    with pytest.raises(StatementError, match="ValueError"):
        db_session.flush()


@many
@given(moment=MOMENTS)
def test_moments_are_aware_and_in_utc(db_session: Session, moment: datetime) -> None:
    [entity_id] = ecs.add_entities(db_session, 1)
    component = TagComponent(entity_id=entity_id, tag="x")
    component.created_at = moment
    db_session.add(component)
    db_session.flush()
    db_session.expire(component)
    assert component.created_at == moment
    assert component.created_at.tzinfo is UTC


def test_updated_at_moves_with_a_change(db_session: Session) -> None:
    tag = TagComponent(entity=Entity(), tag="before")
    tag.updated_at = datetime(2000, 1, 1, tzinfo=UTC)
    db_session.add(tag)
    db_session.flush()
    tag.tag = "after"
    db_session.flush()
    db_session.refresh(tag)
    assert tag.updated_at.year > 2000
