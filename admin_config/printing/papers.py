"""Papers, and how much of a text fits on them. Lengths are in millimetres."""

import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

POINT = 0.3528
LINE = 1.3  # the height of a line in heights of its letters
WIDE = 1.0  # widths of characters in heights of letters, taken rather too wide than too narrow
LATIN = 0.6


@dataclass(frozen=True)
class Paper:
    """A sheet. `size` is CSS; `points` the size of letters in the table."""

    code: str
    label: str
    width: float
    height: float
    margin_x: float
    margin_y: float
    points: float
    facts_per_row: int
    is_slip: bool = False

    @property
    def size(self):
        return f"{self.width:g}mm {self.height:g}mm"

    @property
    def inner_width(self):
        return self.width - 2 * self.margin_x

    @property
    def inner_height(self):
        return self.height - 2 * self.margin_y

    @property
    def line(self):
        """The height of a line of the table."""
        return self.points * POINT * LINE


# Continuous paper has 12.7 mm of holes on either side.
A4 = Paper("a4", _("A4"), 210, 297, margin_x=14, margin_y=12, points=9, facts_per_row=2)
SLIP = Paper("slip", _("241 × 140 mm, three parts"), 241, 140, margin_x=15, margin_y=5, points=9, facts_per_row=3, is_slip=True)


def letter_width(character):
    """The width of a character in heights of letters."""
    return WIDE if unicodedata.east_asian_width(character) in "WFA" else LATIN


def lines_needed(text, width, points):
    """How many lines a text takes in a column: words are kept together, Chinese breaks anywhere, what is too long is cut."""
    room = width / (points * POINT)
    lines, used = 1, 0.0
    for word in _words(str(text)):
        if word == "\n":
            lines, used = lines + 1, 0.0
            continue
        length = sum(letter_width(character) for character in word)
        if used and used + length > room:
            lines, used = lines + 1, 0.0
        while length > room:
            lines, length = lines + 1, length - room
        used += length
    return lines


def _words(text):
    """Pieces between which a line may break."""
    word = ""
    for character in text:
        if character in " -/\n" or letter_width(character) == WIDE:
            yield from filter(None, (word, character))
            word = ""
        else:
            word += character
    if word:
        yield word
