"""Whose heading means which column: matched by words, or said by a saved mapping with constants and simple conversions."""

from collections import Counter
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from admin_config.spreadsheets.reading import FileRefused
from admin_config.spreadsheets.values import BadCell, as_decimal, folded, parse_boolean
from models.base.fields import trimmed

HEADING_WITHIN = 20  # the heading is one of the first rows; what stands above it is a title


def _on_number(function):
    def convert(raw):
        return trimmed(function(as_decimal(raw)))

    return convert


# What a mapping may do with a cell. Nothing here reads anything but the cell.
TRANSFORMS = {
    "fraction_off": _on_number(lambda number: 100 - number * 100),  # 0.15 off → 85 % paid
    "percent_off": _on_number(lambda number: 100 - number),  # 15 % off → 85 % paid
    "fraction": _on_number(lambda number: number * 100),  # 0.85 → 85
    "negate": _on_number(lambda number: -number),
    "not": lambda raw: not parse_boolean(raw),
    "upper": lambda raw: str(raw).upper(),
    "lower": lambda raw: str(raw).lower(),
    "first_line": lambda raw: str(raw).splitlines()[0],
}


@dataclass
class Source:
    """Where the cells of a column come from: places in the row, or a constant."""

    column: object  # columns.Column
    places: list = field(default_factory=list)
    headings: list = field(default_factory=list)
    constant: object = None
    values: dict = field(default_factory=dict)
    transform: str = ""
    separator: str = " "
    default: object = None

    @property
    def heading(self):
        """The heading as the user knows it; the column's own words for a constant."""
        return " + ".join(self.headings) or str(self.column.label())

    def cells(self, rows):
        """(cells of all rows, {index: sentence})."""
        if not self.places:
            return [self.constant] * len(rows), {}
        if len(self.places) == 1:
            place = self.places[0]
            cells = [row[place] if place < len(row) else None for row in rows]
        else:
            parts = [[row[place] if place < len(row) else None for place in self.places] for row in rows]
            cells = [self.separator.join(str(part) for part in some if part not in (None, "")) or None for some in parts]
        if not (self.values or self.transform or self.default is not None):
            return cells, {}
        return self._converted(cells)

    def _converted(self, cells):
        convert = TRANSFORMS.get(self.transform)
        known, errors, converted = {}, {}, []
        for index, cell in enumerate(cells):
            key = (type(cell), cell)
            if key not in known:
                known[key] = self._convert(cell, convert)
            value, problem = known[key]
            converted.append(value)
            if problem:
                errors[index] = problem
        return converted, errors

    def _convert(self, cell, convert):
        if cell is None:
            return self.default, ""
        if self.values:
            cell = self.values.get(str(cell), self.values.get("*", cell))
        if convert is None or cell is None:
            return cell, ""
        try:
            return convert(cell), ""
        except BadCell as bad:
            return None, str(bad)


@dataclass
class Matched:
    """The headings of a table matched to columns. `start`: the index of the first row below the heading."""

    sources: list
    start: int
    headings: list
    unknown: list  # [(place, heading)] that nothing was found for
    computed: list  # headings of columns that are not read


def find_heading(table, is_known):
    """The index of the heading among the first rows: the row with the most known headings, else the first."""
    best, most = 0, 0
    for index, row in enumerate(table.rows[:HEADING_WITHIN]):
        known = sum(1 for cell in row if isinstance(cell, str) and is_known(cell))
        if known > most:
            best, most = index, known
    return best


def headings_of(row):
    return ["" if cell is None else str(cell).strip() for cell in row]


def match_by_words(description, table):
    """Match a table without a mapping. A heading that occurs twice, or two headings for one column, are refused."""
    start = find_heading(table, lambda text: description.column_of(text) is not None)
    headings = headings_of(table.rows[start])
    headings += [""] * (max(map(len, table.rows[start:])) - len(headings))  # cells beside the table: a comma too many
    number = table.numbers[start]
    _refuse_doubled(headings, number)
    sources, unknown, computed, taken = [], [], [], {}
    for place, heading in enumerate(headings):
        if not heading:
            if any(place < len(row) and row[place] is not None for row in table.rows[start + 1 :]):
                unknown.append((place, ""))
            continue
        column = description.column_of(heading)
        if column is None:
            unknown.append((place, heading))
        elif column.is_computed and column.name not in ("number",):
            computed.append(heading)
        elif column.name in taken:
            message = _("“%(first)s” and “%(second)s” both mean “%(column)s”.")
            words = {"first": taken[column.name], "second": heading, "column": column.label()}
            raise FileRefused(message % words, row=number, column=heading)
        else:
            taken[column.name] = heading
            sources.append(Source(column, [place], [heading]))
    return Matched(sources, start + 1, headings, unknown, computed)


def _refuse_doubled(headings, number, used=None):
    doubled = [text for text, times in Counter(folded(text) for text in headings if text).items() if times > 1]
    for text in doubled:
        heading = next(one for one in headings if folded(one) == text)
        if used is None or text in used:
            raise FileRefused(_("The heading “%(heading)s” occurs twice.") % {"heading": heading}, row=number, column=heading)


def column_letter(place):
    """0 → A, 27 → AB."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def refuse_unknown(matched, description, number):
    """Name the headings nothing was found for. A mapping decides otherwise: it leaves out what it does not name."""
    if matched.unknown:
        place, heading = matched.unknown[0]
        names = ", ".join(f"“{text}”" if text else _("column %(letter)s") % {"letter": column_letter(one)} for one, text in matched.unknown)
        known = ", ".join(str(description.heading(column)) for column in description.columns if not column.is_computed)
        message = _("Nothing is known by the heading %(names)s. Known are: %(known)s.") % {"names": names, "known": known}
        raise FileRefused(message, row=number, column=heading or column_letter(place))


def match_by_mapping(description, columns, table, *, is_line=None):
    """Match a table by a mapping {field: source}; only what it names is read. `is_line`: only those of the lines, or of the head."""
    wanted = {}
    for name, said in columns.items():
        column = description.find(name)
        if column is None:
            raise FileRefused(_("The mapping names the unknown field “%(name)s”.") % {"name": name})
        if is_line is None or column.is_line == is_line:
            wanted[name] = (column, _understood(name, said))
    used = {folded(heading) for _column, said in wanted.values() for heading in said["headings"]}
    start = find_heading(table, lambda text: folded(text) in used)
    headings = headings_of(table.rows[start])
    _refuse_doubled(headings, table.numbers[start], used)
    places = {folded(heading): place for place, heading in enumerate(headings) if heading}
    sources = []
    for column, said in wanted.values():
        missing = [heading for heading in said["headings"] if folded(heading) not in places]
        if missing:
            message = _("The column “%(heading)s” of the mapping is not in the file.") % {"heading": missing[0]}
            raise FileRefused(message, row=table.numbers[start], column=missing[0])
        sources.append(
            Source(
                column,
                [places[folded(heading)] for heading in said["headings"]],
                said["headings"],
                said["value"],
                said["map"],
                said["transform"],
                said["separator"],
                said["default"],
            )
        )
    unknown = [(place, heading) for place, heading in enumerate(headings) if heading and folded(heading) not in used]
    return Matched(sources, start + 1, headings, unknown, [])


def _understood(name, said):
    """A source of a mapping with every part filled in."""
    said = {"column": said} if isinstance(said, str) else dict(said or {})
    headings = said.get("columns") or ([said["column"]] if said.get("column") else [])
    transform = said.get("transform") or ""
    if transform == "join":
        transform = ""
    if transform and transform not in TRANSFORMS:
        raise FileRefused(_("The mapping names the unknown conversion “%(name)s”.") % {"name": transform})
    if not headings and "value" not in said:
        raise FileRefused(_("The mapping does not say where “%(name)s” comes from.") % {"name": name})
    return {
        "headings": [str(heading) for heading in headings],
        "value": said.get("value"),
        "map": {str(key): value for key, value in (said.get("map") or {}).items()},
        "transform": transform,
        "separator": said.get("separator", " "),
        "default": said.get("default"),
    }


def as_columns(matched):
    """The sources as a mapping that can be saved and chosen again."""
    columns = {}
    for source in matched.sources:
        if not source.places:
            columns[source.column.name] = {"value": source.constant}
        elif len(source.headings) == 1 and not (source.values or source.transform or source.default is not None):
            columns[source.column.name] = source.headings[0]
        else:
            said = {"columns": source.headings, "map": source.values, "transform": source.transform, "default": source.default}
            columns[source.column.name] = {key: value for key, value in said.items() if value not in (None, "", {})}
    return columns
