"""Revision 0013 gives the tags that are there their keys, also those in the journal."""

import json

from sqlalchemy import Engine, text

from tests.migrations.test_stairway import engine, migrate

__all__ = ["engine"]  # a fixture

TAGS = [(1, 1, "sea"), (2, 1, "Sea"), (3, 2, "SEA"), (4, 2, "Stra\u00dfe"), (5, 2, "STRASSE"), (6, 1, "cafe\u0301")]


def test_tags_get_keys_and_the_first_is_kept(engine: Engine) -> None:
    migrate(engine, "0012")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO entities (id) VALUES (1), (2)"))
        insert = text("INSERT INTO component_tag (id, entity_id, tag) VALUES (:id, :entity, :tag)")
        connection.execute(insert, [{"id": id_, "entity": entity, "tag": tag} for id_, entity, tag in TAGS])
        connection.execute(text("INSERT INTO operations (id, kind, user_name, command) VALUES (1, 'tag', 'a', 'b')"))
        row = json.dumps({"id": 3, "entity_id": 2, "tag": "SEA"})
        change = "INSERT INTO operation_changes (operation_id, entity_id, table_name, after) VALUES (1, 2, :name, :row)"
        connection.execute(
            text(change), [{"name": "component_tag", "row": row}, {"name": "component_verdict", "row": "{}"}]
        )
    migrate(engine, "0013")
    with engine.begin() as connection:
        tags = connection.execute(text("SELECT id, tag, tag_key FROM component_tag ORDER BY id")).all()
        changes = connection.execute(text('SELECT "before", "after" FROM operation_changes ORDER BY id')).all()
    assert [tuple(tag) for tag in tags] == [
        (1, "sea", "sea"),
        (3, "SEA", "sea"),
        (4, "Stra\u00dfe", "strasse"),
        (6, "cafe\u0301", "caf\u00e9"),
    ]
    assert changes[0][0] is None
    assert json.loads(changes[0][1])["tag_key"] == "sea"
    assert changes[1][1] == "{}"
    migrate(engine, "0012")
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM component_tag")) == 4
