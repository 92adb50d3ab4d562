"""Reads one untrusted file in a process of its own. Started by `reading.py` with Python's isolated mode; imports nothing of the house.

    python -I child.py PATH SHEET ROWS CELLS MEMORY_MB CPU_SECONDS

Writes JSON lines: first {"sheets": [...], "sheet": name} or {"error": code, …}, then one [row number, [cells]] per row that is not blank.
A cell is null, a text without blanks at its ends, a number, or true/false; dates are texts as in ISO 8601.
"""

import codecs
import csv
import datetime
import html
import io
import json
import re
import resource
import sys
import zipfile

ENDS = " \t\r\n\v\f\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff"
DELIMITERS = ",;\t|"
LONGEST_CELL = 200_000
EXACT = 10**15  # a spreadsheet keeps 15 digits of a number


class Refused(Exception):
    def __init__(self, code, **facts):
        super().__init__(code)
        self.answer = {"error": code, **facts}


def limit(memory, seconds):
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def cell(value):
    """A value as JSON can say it."""
    if isinstance(value, str):
        value = value.strip(ENDS)
        if len(value) > LONGEST_CELL:
            raise Refused("long_cell")
        return value or None
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        if value.is_integer() and abs(value) < EXACT:
            return int(value)
        return float(f"{value:.15g}") if value == value and abs(value) != float("inf") else None
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "seconds") if value.time() != datetime.time() else value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value)
    return value if isinstance(value, int) else str(value)


def blank(row):
    return all(value in (None, "") for value in row)


# -- workbooks -------------------------------------------------------------------------------------------------------


def workbook_rows(data, wanted):
    """(names of the sheets, chosen sheet, rows with their numbers)."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, WorksheetNotFound

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        shown = [meta.name for meta in book.sheets_metadata if "WorkSheet" in str(meta.typ) and "Visible" in str(meta.visible)]
        if wanted:
            if wanted not in book.sheet_names:
                raise Refused("no_sheet", sheets=shown, sheet=wanted)
            return shown, wanted, numbered(book.get_sheet_by_name(wanted))
        for name in shown:
            sheet = book.get_sheet_by_name(name)
            if sheet.height:
                return shown, name, numbered(sheet)
    except PasswordError:
        raise Refused("password") from None
    except (CalamineError, WorksheetNotFound, OSError, ValueError) as error:
        raise Refused("password" if "assword" in str(error) else "damaged", detail=str(error)[:200]) from None
    raise Refused("empty")


def numbered(sheet):
    if sheet.start is None:
        return iter(())
    left = [None] * sheet.start[1]  # blank rows above the table are given, blank columns beside it are not
    return ((number, left + row) for number, row in enumerate(sheet.iter_rows(), 1) if not blank(row))


def wrong_cells(data, name):
    """{row: [columns]} of cells that hold an error such as #REF!; calamine reads them as blank. Only .xlsx tells."""
    found = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            text = archive.read(sheet_part(archive, name)) if "xl/workbook.xml" in archive.namelist() else b""
    except (KeyError, zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError):
        return found
    if b't="e"' in text:
        for reference in re.findall(rb'<c [^>]*?r="([A-Z]+[0-9]+)"[^>]*?t="e"', text):
            row, column = place(reference.decode())
            found.setdefault(row, []).append(column)
    return found


def sheet_part(archive, name):
    """The path of a sheet's XML inside the archive. Raises KeyError."""
    links = {}
    for tag in re.findall(rb"<Relationship [^>]*>", archive.read("xl/_rels/workbook.xml.rels")):
        attributes = dict(re.findall(rb'(\w+)="([^"]*)"', tag))
        links[attributes.get(b"Id")] = attributes.get(b"Target", b"").decode().lstrip("/")
    for tag in re.findall(rb"<sheet [^>]*>", archive.read("xl/workbook.xml")):
        attributes = dict(re.findall(rb'([\w:]+)="([^"]*)"', tag))
        if html.unescape(attributes.get(b"name", b"").decode("utf-8", "replace")) == name:
            part = links[attributes[b"r:id"]]
            return part if part.startswith("xl/") else f"xl/{part}"
    raise KeyError(name)


def place(reference):
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(reference[len(letters) :]), column - 1


# -- texts -----------------------------------------------------------------------------------------------------------


def decoded(data):
    """The text of the bytes; refused where no encoding gives a plausible one."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return attempt(data, "utf-16")
    if data.startswith(codecs.BOM_UTF8):
        return attempt(data, "utf-8-sig")
    head = data[:4000]
    if head.count(0) > len(head) // 5:
        return attempt(data, "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    guesses = [(common(text, codec), text) for codec, text in candidates(data)]
    best = max(guesses, default=(0, ""), key=lambda guess: guess[0])
    if best[0] < 0.85:
        raise Refused("encoding")
    return best[1]


def attempt(data, codec):
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        raise Refused("encoding") from None


def candidates(data):
    for codec in ("gb18030", "big5"):
        try:
            yield codec, data.decode(codec)
        except UnicodeDecodeError:
            continue


def common(text, codec):
    """The share of characters beyond ASCII that are everyday ones in that encoding."""
    foreign = [character for character in text if ord(character) > 127][:5000]
    if not foreign:
        return 1.0
    everyday = 0
    for character in foreign:
        if codec == "gb18030":
            raw = character.encode("gb2312", "ignore")
            everyday += len(raw) == 2 and 0xA1 <= raw[0] <= 0xD7
        else:
            raw = character.encode("big5", "ignore")
            everyday += len(raw) == 2 and 0xA1 <= raw[0] <= 0xC6
    return everyday / len(foreign)


def text_rows(data):
    text = decoded(data)
    if "\0" in text:
        raise Refused("nul")
    start = text.lstrip("\ufeff \r\n\t")[:200].lower()
    if start.startswith(("<html", "<!doctype", "<?xml", "<table", "{\\rtf", "%pdf")):
        raise Refused("not_a_table")
    first_line = text.split("\n", 1)[0].strip("\ufeff\r ")
    if first_line.lower().startswith("sep=") and len(first_line) == 5:
        delimiter, text = first_line[4], text.split("\n", 1)[1] if "\n" in text else ""
        skipped = 1
    else:
        delimiter, skipped = sniffed(text), 0
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter)
    number = skipped
    try:
        for row in reader:
            number += 1
            yield number, [plain(value) for value in row]
    except csv.Error:
        raise Refused("long_cell", row=number + 1) from None


def plain(text):
    """The text without the mark that our own export puts before what a spreadsheet might take for a formula."""
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "'=+-@\t\r\n＝＋－＠" else text


def sniffed(text):
    """The delimiter under which the first lines have the most columns of equal number."""
    sample = text[:50_000]
    best, best_score = ",", (0, 0)
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row][:20]
        except csv.Error:
            continue
        widths = [len(row) for row in rows if len(row) > 1]
        if widths:
            width = max(set(widths), key=widths.count)
            best, best_score = max((best, best_score), (delimiter, (widths.count(width) / len(rows), width)), key=lambda one: one[1])
    return best


# -- all -------------------------------------------------------------------------------------------------------------


def read(path, wanted, most_rows, most_cells, out):
    with open(path, "rb") as file:
        data = file.read()
    if not data.strip(b"\0\r\n\t "):
        raise Refused("empty")
    wrong = {}
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PK\x05\x06")):
        sheets, sheet, rows = workbook_rows(data, wanted)
        wrong = wrong_cells(data, sheet)
    else:
        sheets, sheet, rows = [], "", text_rows(data)
    lines, cells = [], 0
    for number, row in rows:
        values = [cell(value) for value in row]
        for column in wrong.get(number, ()):
            values[column] = "#ERROR!"
        while values and values[-1] is None:
            values.pop()
        if not values:
            continue
        lines.append(json.dumps([number, values], ensure_ascii=False))
        cells += len(values)
        if len(lines) > most_rows or cells > most_cells:
            raise Refused("too_many", rows=most_rows)
    if not lines:
        raise Refused("empty")
    out.write(json.dumps({"sheets": sheets, "sheet": sheet}, ensure_ascii=False) + "\n")
    for line in lines:
        out.write(line + "\n")


def main():
    path, sheet = sys.argv[1:3]
    most_rows, most_cells, memory, seconds = map(int, sys.argv[3:7])
    limit(memory * 1024 * 1024, seconds)
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="surrogatepass", newline="\n")
    try:
        read(path, sheet, most_rows, most_cells, out)
    except Refused as refused:
        out.write(json.dumps(refused.answer, ensure_ascii=False) + "\n")
    except (MemoryError, RecursionError):
        out.write(json.dumps({"error": "memory"}) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
