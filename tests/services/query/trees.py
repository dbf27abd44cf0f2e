"""Trees of queries for Hypothesis: conditions on fields of small libraries."""

from hypothesis import strategies as st

from dam.services.query.tree import And, Between, Condition, Node, Not, Or, Regex, Text, Word

TEXTS = ("sea", "Sea", "lake", "Été", "été", "a b", "100%", "_x", "x.jpg", "Straße", "\\", 'say "hi"', "é", "ÉTÉ 2024")
"""Texts of names, titles and documents; some differ by case, accents, or what LIKE takes for wildcards."""
TAGS = ("sea", "sea/deep", "Sea/Warm", "seaside", "place/Été", "place", "x%")
WORDS = ("sea", "ete", "ÉTÉ", "lake", "b", "hi", "100", "2024", "strasse", "x", "jpg", "a b")
GLOBS = ("*a*", "s?a", "*É*", "x.*", "*%*", "*_*", "\\*", "*\\\\*", "l*e")
NUMBERS = ("0", "1", "2.8", "3", "-1", "640", "2.80")
SIZES = ("0", "1kB", "1.5kB", "2kB", "1000", "999")
DATES = ("2024", "2024-05", "2024-05-03", "2024-05-03T10", "2023-12-31", "-2w")


def texts(*choices: str) -> st.SearchStrategy[Text]:
    return st.sampled_from(choices).map(Text)


def ranges(*choices: str) -> st.SearchStrategy[Between]:
    end = st.none() | texts(*choices)
    return st.tuples(end, end).filter(lambda ends: ends != (None, None)).map(lambda ends: Between(*ends))


def on(names: tuple[str, ...], *choices: str, compares: bool = True) -> st.SearchStrategy[Condition]:
    """Conditions on some fields: equal, exact, compared, within a range."""
    name, several = st.sampled_from(names), st.lists(texts(*choices), min_size=1, max_size=2).map(tuple)
    equal = st.builds(Condition, name, st.sampled_from((":", ":=")), several)
    if not compares:
        return equal
    value = texts(*choices).map(lambda each: (each,))
    compared = st.builds(Condition, name, st.sampled_from((">", ">=", "<", "<=")), value)
    between = st.builds(Condition, name, st.just(":"), ranges(*choices).map(lambda each: (each,)))
    return equal | compared | between


CONDITIONS = st.one_of(
    on(("name", "title", "camera", "text", "description.description"), *TEXTS, *GLOBS),
    on(("tag",), *TAGS, "SEA", "sea*", "*/été", compares=False),
    on(("width", "rating", "iso", "aperture", "dimensions.height"), *NUMBERS),
    on(("size",), *SIZES),
    on(("taken", "added"), *DATES),
    on(("kind",), "image", "document", "other", "audio", compares=False),
    on(("ext",), "jpg", "JPG", "png", compares=False),
    on(("is",), "trash", "failed", compares=False).filter(lambda each: each.operator == ":"),
    on(("has", "none"), "gps", "tag", "title", "width", "trashed", compares=False),
    st.builds(
        Condition,
        st.sampled_from(("name", "title", "tag")),
        st.just(":"),
        st.sampled_from(("^s", "[aé]$", "é|x", "a.b", "/")).map(lambda pattern: (Regex(pattern),)),
    ),
)
WORD_NODES = st.builds(Word, st.sampled_from(WORDS), st.booleans())


def trees(leaves: st.SearchStrategy[Node] = CONDITIONS | WORD_NODES) -> st.SearchStrategy[Node]:
    """Trees as `parse` makes them: a group of one part is that part."""
    return st.recursive(
        leaves,
        lambda parts: st.one_of(
            st.lists(parts, min_size=2, max_size=3).map(lambda some: And(tuple(some))),
            st.lists(parts, min_size=2, max_size=3).map(lambda some: Or(tuple(some))),
            parts.map(Not),
        ),
        max_leaves=5,
    )
