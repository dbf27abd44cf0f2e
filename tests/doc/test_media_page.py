"""doc/media.md names every kind that is decoded, and every similarity method."""

from dam.media.kinds import Kind
from dam.services.similar.method import all_methods
from tests.conftest import PROJECT

PAGE = (PROJECT / "doc/media.md").read_text()


def test_every_similarity_method_is_documented() -> None:
    assert [method.name for method in all_methods() if f"| `{method.name}`" not in PAGE] == []


def test_every_kind_is_documented() -> None:
    assert [kind.value for kind in Kind if kind is not Kind.OTHER and kind.value not in PAGE.lower()] == []
