"""Generated texts for benchmarks, and edits of them. Words are as frequent as in a language, and phrases recur."""

import random
from collections.abc import Callable

SYLLABLES = [one + other for one in "bdfgklmnprstvz" for other in ("a", "e", "i", "o", "u", "an", "er", "is")]

Paragraphs = list[list[str]]


class Writer:
    """Writes texts with words of Zipf's frequencies; one word in eight begins one of 300 phrases that all texts use."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        words = {
            "".join(self.random.choices(SYLLABLES, k=self.random.choice((1, 1, 2, 2, 3, 4)))) for _ in range(20_000)
        }
        self.words = sorted(words)
        self.random.shuffle(self.words)
        self.weights = [1 / (rank + 3) for rank in range(len(self.words))]
        self.phrases = [self.random.choices(self.words, self.weights, k=self.random.randint(3, 6)) for _ in range(300)]
        self.licence = self.paragraph(150)

    def paragraph(self, count: int) -> list[str]:
        drawn = self.random.choices(self.words, self.weights, k=count)
        if not hasattr(self, "licence"):
            return drawn
        written: list[str] = []
        for word in drawn:
            written += self.random.choice(self.phrases) if self.random.random() < 1 / 32 else [word]
        return written[:count]

    def text(self, paragraphs: int = 12) -> Paragraphs:
        return [self.paragraph(self.random.randint(30, 120)) for _ in range(paragraphs)]


def written(text: Paragraphs) -> str:
    return "\n\n".join(" ".join(paragraph) for paragraph in text)


def _by_word(change: Callable[[Writer, str], list[str]]) -> Callable[[Writer, float, Paragraphs], Paragraphs]:
    def edit(writer: Writer, rate: float, text: Paragraphs) -> Paragraphs:
        def one(word: str) -> list[str]:
            return change(writer, word) if writer.random.random() < rate else [word]

        return [[new for word in paragraph for new in one(word)] for paragraph in text]

    return edit


def another(writer: Writer) -> str:
    return writer.random.choices(writer.words, writer.weights)[0]


def move(writer: Writer, rate: float, text: Paragraphs) -> Paragraphs:
    """Move so many of the paragraphs to another place; one at least."""
    moved = list(text)
    for _ in range(max(1, round(rate * len(text)))):
        moved.insert(writer.random.randrange(len(text)), moved.pop(writer.random.randrange(len(moved))))
    return moved


EDITS: dict[str, Callable[[Writer, float, Paragraphs], Paragraphs]] = {
    "replaced": _by_word(lambda writer, _: [another(writer)]),
    "deleted": _by_word(lambda _, __: []),
    "inserted": _by_word(lambda writer, word: [word, another(writer)]),
    "moved": move,
}
