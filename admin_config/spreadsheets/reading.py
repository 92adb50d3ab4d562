"""Files of others become rows. Parsing happens in a child process with limits: what breaks there breaks nothing here."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

CHILD = Path(__file__).with_name("child.py")
MOST_BYTES = 50 * 1024 * 1024
MOST_ROWS = 200_000
MOST_CELLS = 4_000_000
MEMORY_MB = 768
CPU_SECONDS = 30
WALL_SECONDS = 60


class FileRefused(Exception):
    """The file as a whole cannot be imported; the sentence says why and what to do. `row` and `column` where that is known."""

    def __init__(self, message, *, row=None, column="", value=""):
        super().__init__(str(message))
        self.message, self.row, self.column, self.value = str(message), row, column, value


@dataclass
class Table:
    """The rows of a sheet that are not blank, with their numbers in the file. Cells: None, text, number, true/false."""

    rows: list
    numbers: list
    sheet: str = ""
    sheets: list = field(default_factory=list)


def read_table(path, sheet=""):
    """The table in a file: csv in any usual encoding, xlsx, xlsm, xlsb, xls or ods. Without a name the first sheet that holds anything."""
    size = Path(path).stat().st_size
    if size > MOST_BYTES:
        raise FileRefused(_("The file has more than %(size)s MB. Split it.") % {"size": MOST_BYTES // 1024 // 1024})
    answer = _run_child(path, sheet)
    lines = answer.split("\n")
    head = json.loads(lines[0])
    if "error" in head:
        raise FileRefused(_sentence(head))
    table = Table([], [], head["sheet"], head["sheets"])
    for line in lines[1:]:
        if line:
            number, cells = json.loads(line)
            table.numbers.append(number)
            table.rows.append(cells)
    return table


def _run_child(path, sheet):
    limits = [str(number) for number in (MOST_ROWS, MOST_CELLS, MEMORY_MB, CPU_SECONDS)]
    command = [sys.executable, "-I", str(CHILD), str(path), sheet or "", *limits]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/")
    try:
        answer, _nothing = child.communicate(timeout=WALL_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise FileRefused(_too_long()) from None
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise FileRefused(_too_long())
    if child.returncode or not answer:
        raise FileRefused(_too_large())
    return answer.decode("utf-8", "replace")


def _too_long():
    return _("Reading the file takes too long. Save the table alone, as values, in a new workbook or as CSV.")


def _too_large():
    return _(
        "The file needs too much memory: it is damaged, or a single cell lies far away from the table."
        " Copy the table into a new workbook, or save it as CSV."
    )


def _sentence(answer):
    """What the child could not do, in words."""
    rows = answer.get("rows", MOST_ROWS)
    sentences = {
        "empty": _("The file is empty."),
        "password": _("The workbook is protected by a password. Save it without one."),
        "damaged": _("This is no workbook that can be read, or it is damaged. Save it again as .xlsx or as CSV."),
        "no_sheet": _("There is no sheet “%(sheet)s”. There are: %(sheets)s.")
        % {"sheet": answer.get("sheet", ""), "sheets": ", ".join(answer.get("sheets", ()))},
        "encoding": _("The characters of this text file cannot be recognised. Save it as UTF-8 (CSV UTF-8)."),
        "nul": _("This is no text file and no workbook."),
        "not_a_table": _("This is a page or document with another ending, not a table. Save it as .xlsx or as CSV."),
        "long_cell": _("A cell holds more text than any field takes."),
        "too_many": _("The file has more than %(rows)s rows, or too many cells. Split it.") % {"rows": f"{rows:,}"},
        "memory": _too_large(),
    }
    return sentences.get(answer["error"], sentences["damaged"])
