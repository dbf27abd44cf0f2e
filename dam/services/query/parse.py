"""Parse a query into its tree. The grammar is LALR; every token knows its column."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from dam.core.errors import QueryError
from dam.services.query.tree import And, Between, Condition, Node, Not, Or, Regex, Saved, Text, Value, Word

if TYPE_CHECKING:
    from lark import Lark, Token

# Whether a `..` is open is seen from what follows: the next word is not its end.
GRAMMAR = r"""
?start: or_
      |          -> everything
?or_: and_ (OR and_)*
?and_: not_ (AND? not_)*
?not_: (MINUS | NOT) not_ -> negated
     | atom
?atom: LPAR or_ RPAR -> group
     | SAVED -> saved
     | WORD -> word
     | PHRASE STAR? -> phrase
     | HEAD values -> condition
values: value (COMMA value)*
?value: REGEX -> regex
      | text
      | text (TO text | OPEN) -> between
      | TO text -> up_to
text: BARE | QUOTED

OR.9: /or(?=[\s()]|$)/i
AND.9: /and(?=[\s()]|$)/i
NOT.9: /not(?=[\s("]|$)/i
MINUS.9: /[-^]/
LPAR.9: "("
RPAR.9: ")"
SAVED.9: /@[^\s()",:]+/
HEAD.8: /[A-Za-z_][A-Za-z0-9_.]*(?::(?:=|>=|<=|>|<)?|>=|<=|=|>|<)/
REGEX.9: /(?<=:)\/(?:\\.|[^\/\\])+\/(?=[\s,)]|$)/
OPEN.9: /\.\.(?=[\s,)]|$)/
TO.8: /\.\.(?=[^\s,)])/
COMMA.9: ","
STAR.9: /(?<=")\*/
QUOTED.9: /"(?:\\.|[^"\\])*"/
PHRASE.9: /"(?:\\.|[^"\\])*"/
BARE.7: /(?:\\.|(?!\.\.)[^\s(),"\\])+/
WORD.1: /(?!(?:or|and|not)(?:[\s()]|$))[^\s()",^@-][^\s()"]*/i
%ignore /[\s]+/
"""

_MEANT = {"=": ":=", ":>": ">", ":<": "<", ":>=": ">=", ":<=": "<="}
MAX_LENGTH = 100_000
MAX_DEPTH = 60


def parse(text: str) -> Node:
    """Return the tree of a query; of an empty one, that of all assets.

    Raises:
        QueryError: it is no query; the error has the column of the mistake.

    """
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415  imported when a query is asked for

    if len(text) > MAX_LENGTH:
        raise QueryError(f"the query has more than {MAX_LENGTH:,} characters", text[:80], 0)
    _check_depth(text)
    try:
        return _Builder(text).node(_parser().parse(text))
    except UnexpectedInput as exc:
        raise _mistake(text, exc) from exc


@cache
def _parser() -> "Lark":
    from lark import Lark  # noqa: PLC0415  40 ms

    return Lark(GRAMMAR, parser="lalr", lexer="contextual", maybe_placeholders=False)


def _check_depth(text: str) -> None:
    depth = 0
    for column, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth > MAX_DEPTH:
            raise QueryError(f"parentheses are nested more than {MAX_DEPTH} deep", text, column)


def _mistake(text: str, exc: Any) -> QueryError:  # noqa: PLR0911  one for each mistake
    """Return the error for what the parser did not expect."""
    place = getattr(exc, "pos_in_stream", None)
    at_end = place is None or getattr(getattr(exc, "token", None), "type", "") == "$END"
    column = len(text.rstrip()) if at_end else int(place or 0)
    before = text[:column].rstrip()
    if not at_end and text[column] == '"' and text.count('"', column) == 1:
        return QueryError("the quotation mark is not closed", text, column)
    if re.search(r"(?:[:<>=])$", before):
        return QueryError("a value is missing", text, column)
    if before.endswith(","):
        return QueryError("a value is missing after the comma", text, column)
    if at_end and text.count("(") > text.count(")"):
        return QueryError("a closing parenthesis is missing", text, column)
    if at_end:
        return QueryError("the query ends too early", text, column)
    if text[column] == ")" and not before.endswith("("):
        return QueryError("there is no opening parenthesis for this one", text, column)
    return QueryError(f"{text[column]!r} is not expected here: quote words that have such characters", text, column)


class _Builder:
    """Makes our tree of the parser's."""

    def __init__(self, text: str) -> None:
        self._text = text

    def node(self, tree: Any) -> Node:  # noqa: PLR0911  one for each rule
        parts = tree.children
        match str(tree.data):
            case "everything":
                return And()
            case "or_":
                return Or(tuple(self.node(part) for part in parts if not _is_token(part)))
            case "and_":
                return And(tuple(self.node(part) for part in parts if not _is_token(part)))
            case "negated":
                return Not(self.node(parts[-1]))
            case "group":
                return self.node(parts[1])
            case "saved":
                return Saved(str(parts[0])[1:], parts[0].start_pos)
            case "word":
                return self._word(parts[0])
            case "phrase":
                return Word(_unquoted(parts[0]), len(parts) > 1, parts[0].start_pos)
            case _:
                return self._condition(parts[0], parts[1])

    def _word(self, token: "Token") -> Word:
        text = str(token)
        prefix = text.endswith("*") and bool(text.rstrip("*"))
        return Word(text.rstrip("*") if prefix else text, prefix, token.start_pos or 0)

    def _condition(self, head: "Token", values: Any) -> Condition:
        split = re.search(r"[:<>=]", head)
        assert split  # noqa: S101  the token has an operator
        name, operator = str(head[: split.start()]), str(head[split.start() :])
        found = tuple(_value(each) for each in values.children if not _is_token(each))
        return Condition(name.lower(), _MEANT.get(operator, operator), found, head.start_pos or 0)


def _is_token(part: Any) -> bool:
    return not hasattr(part, "children")


def _value(tree: Any) -> Value:
    parts = tree.children
    match str(tree.data):
        case "regex":
            return Regex(str(parts[0])[1:-1].replace(r"\/", "/"), parts[0].start_pos)
        case "between":
            return Between(
                _text(parts[0]), None if _is_token(parts[1]) and parts[1].type == "OPEN" else _text(parts[2])
            )
        case "up_to":
            return Between(None, _text(parts[1]))
        case _:
            return _text(tree)


def _text(tree: Any) -> Text:
    token = tree.children[0]
    if token.type == "QUOTED":
        return Text(_unquoted(token), token.start_pos)
    return Text(str(token), token.start_pos)


def _unquoted(token: str) -> str:
    return re.sub(r"\\([\"\\])", r"\1", str(token)[1:-1])
