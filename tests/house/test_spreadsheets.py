"""Spreadsheets in: files are read exactly or refused in words, headings and values are understood, and rows are written once."""

import csv
import zipfile
from datetime import date, datetime
from decimal import Decimal
from io import StringIO

import pytest
import xlsxwriter

from admin_config.spreadsheets.columns import Description
from admin_config.spreadsheets.reading import FileRefused, read_table
from models.audit.models import ChangeSet
from models.customers.models import Contact, Customer
from models.products.models import Unit
from tests.house.spreadsheet_desk import SYSTEM, book, house, refusals, run, text

__all__ = ["house"]
pytestmark = [pytest.mark.books, pytest.mark.django_db]


# -- it works ----------------------------------------------------------------------------------------------------------


def test_customers_come_in_with_history_in_one_change_set(house, tmp_path):
    path = text(
        tmp_path / "c.csv",
        "code,name,region,owner,phone,credit limit,level\nK1,杭州启衡,East,Ann,057188001122,1000.5,金牌\nK2,Two,west,bob,,,gold\n",
    )
    plan, changeset = run(Customer, path)
    assert (len(plan.new), plan.refusals()) == (2, [])
    first = Customer.objects.get(code="K1")
    assert (first.region, first.owner, first.department, first.company) == (house.east, house.ann, house.department, house.company)
    assert (first.credit_limit, first.level.code, first.phone) == (Decimal("1000.5"), "gold", "057188001122")
    assert "hzqh" in first.search_text, "bulk rows are found by their initials too"
    assert set(Customer.history.values_list("changeset", "history_type")) == {(first.history.get().changeset, "+")}
    journal = ChangeSet.objects.get(pk=changeset)
    assert (journal.kind, journal.source) == ("import", "c.csv")


def test_again_is_unchanged_and_a_change_writes_one_history_row(house, tmp_path):
    run(Customer, text(tmp_path / "c.csv", "code,name,phone\nK1,One,1\nK2,Two,2\n"))
    before = ChangeSet.objects.count()
    plan, changeset = run(Customer, text(tmp_path / "c.csv", "code,name,phone\nK1,One,1\nK2,Two,2\n"))
    assert (len(plan.new), len(plan.changed), plan.unchanged, changeset) == (0, 0, 2, None)
    assert ChangeSet.objects.count() == before, "nothing written, nothing noted"
    plan, changeset = run(Customer, text(tmp_path / "c.csv", "code,phone\nK1,1\nK2,3\n"))
    assert (len(plan.changed), plan.unchanged) == (1, 1)
    assert Customer.objects.get(code="K2").history.count() == 2
    assert Customer.objects.get(code="K1").history.count() == 1
    assert "3" in Customer.objects.get(code="K2").search_text


def test_good_rows_come_in_while_bad_ones_are_named(house, tmp_path):
    path = text(
        tmp_path / "c.csv",
        "code,name,region,credit limit,status,e-mail\n"
        "K1,One,East,5,active,a@example.com\n"
        "K2,,East,5,active,\n"
        "K3,Three,North,-5,asleep,nobody\n"
        "K1,Again,East,5,active,\n",
    )
    plan, _changeset = run(Customer, path)
    assert list(Customer.objects.values_list("code", flat=True)) == ["K1"]
    found = refusals(plan)
    assert set(found) == {(3, "name"), (4, "region"), (4, "status"), (4, "e-mail"), (5, "code")}
    assert "row 2" in found[5, "code"]
    assert plan.refusals()[0] == {"row": 3, "column": "name", "value": "", "message": "This must be filled in."}


def test_a_check_constraint_is_told_before_the_database_is_asked(house, tmp_path):
    plan, _changeset = run(Customer, text(tmp_path / "c.csv", "code,name,credit limit\nK1,One,-5\n"))
    assert refusals(plan) == {(2, "credit limit"): "This must be at least 0."}


# -- reading -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "big5"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_text_files_of_any_usual_kind(tmp_path, encoding, delimiter):
    rows = [["code", "name", "remark"], ["1", "上海機械有限公司", "多行\n文字"], ["2", "北京中央市場", "a, b; c"]]
    buffer = StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    assert read_table(text(tmp_path / "t.csv", buffer.getvalue(), encoding)).rows == rows


def test_a_single_far_cell_ends_with_a_sentence(tmp_path):
    made = xlsxwriter.Workbook(tmp_path / "far.xlsx")
    sheet = made.add_worksheet()
    sheet.write(0, 0, "code")
    sheet.write(1048575, 16383, "x")
    made.close()
    with pytest.raises(FileRefused, match="far away"):
        read_table(tmp_path / "far.xlsx")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\r\n \r\n", "empty"),
        (b"<html><table><tr><td>a</td></tr></table></html>", "page or document"),
        (b"PK\x03\x04 not really", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 neither", "damaged"),
        (b"a,b\n\x00\x01\x02,3\n", "no text file"),
        (bytes(range(128, 256)) * 20, "recognised"),
        (b"a,b\n" + b"x" * 300_000 + b",1\n", "more text"),
    ],
)
def test_junk_is_refused_in_words(tmp_path, content, words):
    path = tmp_path / "junk.xlsx"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=words):
        read_table(path)


PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def raw_workbook(path, pieces):
    """A workbook whose only sheet is made of these pieces of XML, however wrong they are."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        relation = f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{relation}</Relationships>')
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for piece in pieces:
                sheet.write(piece.encode())
    return path


@pytest.mark.parametrize(
    ("head", "cell", "times"),
    [
        ("", "a" * 2**20, 400),
        ('<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>', "&c;", 1),
        ('<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "&a;", 1),
    ],
    ids=["a cell of 400 MB", "entities", "foreign file"],
)
def test_bombs_are_refused_in_words(tmp_path, head, cell, times):
    start = f'{head}<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>'
    path = raw_workbook(tmp_path / "bomb.xlsx", [start, *[cell] * times, "</t></is></c></row></sheetData></worksheet>"])
    with pytest.raises(FileRefused) as refused:
        read_table(path)
    assert refused.value.message.endswith(".")


def test_a_comma_too_many_is_not_swallowed(house, tmp_path):
    with pytest.raises(FileRefused, match="column D"):
        run(Customer, text(tmp_path / "c.csv", "code,name,phone\nK1,One, Two and Co,1\n"))


def test_cells_of_a_workbook(tmp_path):
    path = tmp_path / "b.xlsx"
    made = xlsxwriter.Workbook(path)
    made.add_worksheet("Empty")
    sheet = made.add_worksheet("Full")
    sheet.write_row(1, 1, ["code", "phone", "sum", "day", "yes", "broken"])
    sheet.write_row(2, 1, [" 00123 ", 13800138000, 0.1 + 0.2])
    sheet.write_datetime(2, 4, datetime(2025, 6, 1), made.add_format({"num_format": "yyyy-mm-dd"}))
    sheet.write_boolean(2, 5, True)
    sheet.write_formula(2, 6, "=1/0", None, "#DIV/0!")
    made.close()
    table = read_table(path)
    assert (table.sheet, table.sheets, table.numbers) == ("Full", ["Empty", "Full"], [2, 3])
    assert table.rows[1] == [None, "00123", 13800138000, 0.3, "2025-06-01", True, "#ERROR!"]
    with pytest.raises(FileRefused, match="no sheet “Nope”"):
        read_table(path, "Nope")


# -- headings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("heading", ["编码,名称,信用额度", "編碼,名稱,信用額度", "CODE,Name *,credit_limit", "代码,名称,信用额度"])
def test_headings_in_any_language(house, tmp_path, heading):
    description = Description(Customer, SYSTEM())
    known = [description.column_of(text) for text in heading.split(",")]
    if all(known):
        assert [column.name for column in known] == ["code", "name", "credit_limit"]
    else:
        assert heading.startswith(("编", "編", "代")), "English is always there; the other words come with the translations"


@pytest.mark.parametrize(
    ("heading", "words"),
    [("code,name,code", "twice"), ("code,name,Colour", "Colour"), ("code,name,phone,Telephone", "both mean"), ("x,y", "known")],
)
def test_wrong_headings_refuse_the_file(house, tmp_path, heading, words):
    with pytest.raises(FileRefused, match=words):
        run(Customer, text(tmp_path / "c.csv", f"{heading}\nK1,One,1,2\n"))


def test_a_title_above_the_heading_is_passed_over(house, tmp_path):
    plan, _changeset = run(Customer, text(tmp_path / "c.csv", "Our customers 2025,,\n,,\ncode,name,phone\nK1,One,1\n"))
    assert len(plan.new) == 1


# -- values ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("1,234.50", "1234.5"),
        ("１２３", "123"),
        ("¥1,200", "1200"),
        ("(0)", "0"),
        ("12 ", "12"),
        (0.1 + 0.2, "0.3"),
        (7, "7"),
        ("1234567890.123", "1234567890.123"),
    ],
)
def test_numbers_are_exact(house, tmp_path, cell, stored):
    run(Customer, book(tmp_path / "c.xlsx", [["code", "name", "credit limit"], ["K1", "One", cell]]))
    assert Customer.objects.get().credit_limit == Decimal(stored)


@pytest.mark.parametrize("cell", ["1.234,50", "1,5", "1e3", "NaN", "Infinity", "ten", "1.2345", "1000000000000000000", "--5", "5 5,3"])
def test_what_can_be_read_in_two_ways_is_refused(house, tmp_path, cell):
    plan, _changeset = run(Customer, book(tmp_path / "c.xlsx", [["code", "name", "credit limit"], ["K1", "One", cell]]))
    assert list(refusals(plan)) == [(2, "credit limit")]
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("cell", "day"),
    [("2025-06-01", True), ("2025/6/1", True), ("2025年6月1日", True), ("20250601", True), (45809, True), (date(2025, 6, 1), True)]
    + [("03/04/2025", False), ("2025-02-30", False), ("2025-06-01 14:30", False), ("soon", False), (True, False)],
)
def test_days(house, tmp_path, cell, day):
    run(Customer, text(tmp_path / "c.csv", "code,name\nK1,One\n"))
    plan, _changeset = run(Contact, book(tmp_path / "k.xlsx", [["customer", "name", "birthday"], ["K1", "Lee", cell]]))
    if day:
        assert Contact.objects.get().birthday == date(2025, 6, 1)
    else:
        assert list(refusals(plan)) == [(2, "birthday")]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("yes", True),
        ("是", True),
        ("否", False),
        ("Y", True),
        ("TRUE", True),
        (1, True),
        ("✓", True),
        ("0", False),
        (False, False),
        ("maybe", None),
    ],
)
def test_yes_and_no(house, tmp_path, cell, value):
    plan, _changeset = run(Unit, book(tmp_path / "u.xlsx", [["name", "active"], ["m", cell]]))
    if value is None:
        assert list(refusals(plan)) == [(2, "active")]
    else:
        assert Unit.objects.get(name="m").is_active is value


def test_text_is_kept_or_refused(house, tmp_path):
    rows = [
        ["code", "name", "postcode"],
        [" 0012 ", "  Ünïcode 😀  ", "05021"],
        ["K\x02", "Two", "1"],
        ["K3", "x" * 161, "1"],
        [13800138000, "Four", 5021],
    ]
    plan, _changeset = run(Customer, book(tmp_path / "c.xlsx", rows))
    assert set(refusals(plan)) == {(3, "code"), (4, "name")}
    assert set(Customer.objects.values_list("code", "name", "postcode")) == {
        ("0012", "Ünïcode 😀", "05021"),
        ("13800138000", "Four", "5021"),
    }


# -- mappings ----------------------------------------------------------------------------------------------------------


def test_a_mapping_with_constants_maps_and_conversions(house, tmp_path):
    columns = {
        "code": "No.",
        "name": {"columns": ["First", "Last"], "transform": "join"},
        "status": {"column": "State", "map": {"A": "active", "*": "lost"}},
        "region": {"value": "E"},
        "credit_limit": {"column": "Limit", "default": "7"},
    }
    path = text(tmp_path / "x.csv", "No.,First,Last,State,Limit,Junk\n1,Ann,Lee,A,,x\n2,Bob,,Z,9,y\n")
    run(Customer, path, columns=columns)
    rows = Customer.objects.order_by("code").values_list("code", "name", "status", "region__code", "credit_limit")
    assert list(rows) == [("1", "Ann Lee", "active", "E", 7), ("2", "Bob", "lost", "E", 9)]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"nonsense": "No."}, "unknown field"),
        ({"code": "Missing"}, "not in the file"),
        ({"code": {"column": "No.", "transform": "eval"}}, "unknown conversion"),
        ({"code": {}}, "does not say"),
        ({"password": "No."}, "unknown field"),
    ],
)
def test_a_wrong_mapping_is_refused(house, tmp_path, columns, words):
    with pytest.raises(FileRefused, match=words):
        run(Customer, text(tmp_path / "x.csv", "No.,First\n1,Ann\n"), columns=columns)
