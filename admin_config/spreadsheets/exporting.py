"""The way out: what a person may see of the chosen records, as csv or xlsx, in a form that the import reads back unchanged."""

import csv
import datetime
import hashlib
import io
from decimal import Decimal

import xlsxwriter
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from admin_config.spreadsheets.columns import KEY
from admin_config.spreadsheets.values import written
from models.base import policy
from models.base.fields import trimmed
from models.lowcode.models import ExportRun

MOST_RECORDS = 100_000
CHUNK = 2_000
DANGEROUS = "=+-@\t\r\n＝＋－＠"
EXACT_DIGITS = 15  # a spreadsheet's number keeps no more; longer ones are written as text
FORMATS = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8"}


class TooMany(Exception):
    """More records than one file should carry away."""


# -- rows ------------------------------------------------------------------------------------------------------------


class _Reader:
    """Turns a column's stored values into cells."""

    def __init__(self, description, column):
        self.column, self.known = column, {}
        self.target = description.target(column) if column.is_key else None
        self.labels = {value: str(label) for value, label in column.field.flatchoices} if column.field.choices else None

    def learn(self, values):
        """Look up the texts of the keys among these values."""
        if self.target is not None:
            fresh = {value for value in values if value is not None and value not in self.known}
            self.known |= self.target.texts(fresh)

    def cell(self, value):
        if self.column.part:
            return (value or {}).get(self.column.part, "")
        if self.target is not None:
            return "" if value is None else self.known[value]
        if self.labels is not None and value not in (None, ""):
            return self.labels.get(value, value)
        return written(value)


def records(description, queryset, columns):
    """Rows of cells: a record a row, a document as many rows as it has lines; its own cells stand in the first, its key in all."""
    heads = [column for column in columns if not column.is_line]
    lines = [column for column in columns if column.is_line]
    keys = [
        place
        for place, column in enumerate(heads)
        if column.name in (KEY, "number", "external_number", "code") or not description.is_document and column.name == "name"
    ]
    read_heads = [_Reader(description, column) for column in heads]
    read_lines = [_Reader(description, column) for column in lines]
    attnames = [column.attname for column in heads]
    primary = list(queryset.values_list("pk", flat=True)[: MOST_RECORDS + 1])
    if len(primary) > MOST_RECORDS:
        raise TooMany
    for start in range(0, len(primary), CHUNK):
        some = primary[start : start + CHUNK]
        stored = {row[0]: row[1:] for row in description.model._base_manager.filter(pk__in=some).values_list("pk", *attnames)}
        for place, reader in enumerate(read_heads):
            reader.learn(row[place] for row in stored.values())
        of_document = _lines_of(description, some, lines, read_lines) if lines else {}
        for key in (key for key in some if key in stored):
            own = [reader.cell(value) for reader, value in zip(read_heads, stored[key], strict=True)]
            repeated = [cell if place in keys else "" for place, cell in enumerate(own)]
            for number, line in enumerate(of_document.get(key) or [[""] * len(lines)]):
                yield [*(repeated if number else own), *line]


def _lines_of(description, keys, columns, readers):
    """{document key: [cells of its lines]}."""
    model, document = description.line_model, f"{description.line_key}_id"
    query = model._base_manager.filter(**{f"{document}__in": keys}).order_by("position", "pk")
    stored = list(query.values_list(document, *[column.attname for column in columns]))
    found = {}
    for place, reader in enumerate(readers, 1):
        reader.learn(row[place] for row in stored)
    for key, *values in stored:
        found.setdefault(key, []).append([reader.cell(value) for reader, value in zip(readers, values, strict=True)])
    return found


# -- files -----------------------------------------------------------------------------------------------------------


def harmless(cell):
    """A csv cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(cell, bool):
        return _("yes") if cell else _("no")
    if isinstance(cell, Decimal):
        return trimmed(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, str) and cell and (cell[0] in DANGEROUS or cell[0] == "'" and cell[1:2] and cell[1] in "'" + DANGEROUS):
        return "'" + cell
    return cell


def csv_file(headings, rows, note=""):
    """The bytes of a csv file: UTF-8 with one mark at its start, so that spreadsheets read it right."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    if note:
        writer.writerow([note])
    writer.writerow([harmless(heading) for heading in headings])
    count = 0
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
        count += 1
    return text.getvalue().encode("utf-8-sig"), count


def xlsx_file(headings, rows, note="", *, title="", required=()):
    """The bytes of a workbook. Text is written as text, whatever it begins with."""
    buffer = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    sheet = book.add_worksheet((title or _("Records"))[:31].translate(str.maketrans("[]:*?/\\", "       ")))
    heading_format = book.add_format({"bold": True, "bg_color": "#eef2f7", "text_wrap": True, "valign": "top"})
    formats = {
        datetime.date: book.add_format({"num_format": "yyyy-mm-dd"}),
        datetime.datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }
    line = 0
    if note:
        sheet.write_string(0, 0, note, book.add_format({"italic": True, "font_color": "#667085"}))
        line = 1
    sheet.set_column(0, max(0, len(headings) - 1), 16)
    for place, heading in enumerate(headings):
        sheet.write_string(line, place, f"{heading} *" if place in required else heading, heading_format)
    sheet.freeze_panes(line + 1, 1)
    count = 0
    for row in rows:
        line += 1
        count += 1
        for place, cell in enumerate(row):
            _write_cell(sheet, line, place, cell, formats)
    book.close()
    return buffer.getvalue(), count


def _write_cell(sheet, line, place, cell, formats):
    if cell is None or cell == "":
        return
    if isinstance(cell, bool):
        sheet.write_boolean(line, place, cell)
    elif isinstance(cell, Decimal):
        if len(cell.normalize().as_tuple().digits) > EXACT_DIGITS:
            sheet.write_string(line, place, trimmed(cell))
        else:
            sheet.write_number(line, place, float(cell))
    elif isinstance(cell, int | float):
        sheet.write_string(line, place, str(cell)) if abs(cell) >= 10**EXACT_DIGITS else sheet.write_number(line, place, cell)
    elif type(cell) in formats:
        if cell.year >= 1900:
            sheet.write_datetime(line, place, cell, formats[type(cell)])
        else:
            sheet.write_string(line, place, cell.isoformat())
    else:
        sheet.write_string(line, place, str(cell))


def write_file(format, headings, rows, note="", title=""):
    """(bytes, number of rows) in one of FORMATS."""
    return csv_file(headings, rows, note) if format == "csv" else xlsx_file(headings, rows, note, title=title)


# -- doors -----------------------------------------------------------------------------------------------------------


def allowed(description, queryset, columns=None):
    """(the records of a queryset that this person may export, the columns he asked for and may see)."""
    wanted = description.shown if columns is None else [column for name in columns if (column := description.find(name))]
    return queryset.filter(policy.condition(description.user, description.model, "export")), wanted


def export(description, queryset, format, *, columns=None, selection="", marked=False):
    """The bytes of a file of the records, and their number; who took what is written down. Raises TooMany."""
    queryset, columns = allowed(description, queryset, columns)
    note = ""
    user = description.user
    if marked:
        moment = timezone.localtime().strftime("%Y-%m-%d %H:%M")
        note = _("Exported by %(person)s on %(moment)s") % {"person": user.title() if user.pk else "–", "moment": moment}
    headings = [description.heading(column) for column in columns]
    title = capfirst(str(description.model._meta.verbose_name_plural))
    data, rows = write_file(format, headings, records(description, queryset, columns), note, title)
    ExportRun.objects.create(
        record_type=description.model._meta.label_lower,
        user=user if user.pk else None,
        format=format,
        selection=selection[:2000],
        columns=[column.name for column in columns],
        rows=rows,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    return data, rows


def template(description):
    """An empty workbook with the columns that an import reads; what a new record needs is marked."""
    columns = [column for column in description.shown if not column.is_computed]
    required = {place for place, column in enumerate(columns) if column.is_required}
    headings = [description.heading(column) for column in columns]
    data, _rows = xlsx_file(headings, [], title=capfirst(str(description.model._meta.verbose_name_plural)), required=required)
    return data
