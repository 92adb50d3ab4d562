"""Spreadsheets in and out: read exactly or refused in words, checked as a form checks, written once, in one change set."""

import csv
import io
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from types import SimpleNamespace

import pytest
import xlsxwriter
from django.apps import apps
from django.contrib import admin
from django.core.management import CommandError, call_command

from admin_config.spreadsheets import exporting, running
from admin_config.spreadsheets.columns import Description
from admin_config.spreadsheets.reading import FileRefused, read_table
from models.audit.changes import changes
from models.audit.models import ChangeSet
from models.base.documents import Approval
from models.customers.models import Contact, Customer
from models.lowcode.models import ImportMapping, ImportRun, Option, OptionList
from models.org.models import Company, Currency, Department, Employee, ExchangeRate, FieldLimit, Region, Role, RoleGrant, RoleHolder, User
from models.products.models import PriceList, PriceListItem, Product, ProductUnit, Unit
from models.sales.models import Order, Quote
from models.stock.models import Balance, Warehouse

pytestmark = [pytest.mark.books, pytest.mark.django_db]
SYSTEM = running.System


@pytest.fixture
def house(db):
    """A company with two regions, two salespeople, a product and a list of levels."""
    with changes("command"):
        currency = Currency.objects.get_or_create(code="CNY", defaults={"name": "Yuan"})[0]
        company = Company.objects.create(code="C1", name="Company", currency=currency)
        department = Department.objects.create(company=company, code="D1", name="Sales")
        east = Region.objects.create(code="E", name="East")
        west = Region.objects.create(code="W", name="West")
        ann = Employee.objects.create(company=company, code="ann", name="Ann", department=department, region=east)
        bob = Employee.objects.create(company=company, code="bob", name="Bob", department=department, region=west)
        levels = OptionList.objects.get_or_create(code="customer_level", defaults={"labels": {"en": "Level"}})[0]
        Option.objects.get_or_create(option_list=levels, code="gold", defaults={"labels": {"en": "Gold", "zh-hans": "金牌"}})
        piece = Unit.objects.create(name="piece")
        product = Product.objects.create(
            company=company, code="P1", name="Bolt", unit=piece, price=Decimal(10), cost=Decimal(4), tax_rate=Decimal(13)
        )
        box = Unit.objects.create(name="box")
        ProductUnit.objects.create(product=product, unit=box, factor=Decimal(24))
        warehouse = Warehouse.objects.create(company=company, code="W1", name="Main")
    return SimpleNamespace(**{name: value for name, value in locals().items() if name != "db"})


def person(employee, *grants, limits=()):
    """A log-in whose only role grants [(record type, verb, scope)]."""
    with changes("command"):
        role = Role.objects.create(code=f"r_{employee.code}", name="Role")
        for kind, verb, scope in grants:
            RoleGrant.objects.create(role=role, record_type=kind, verb=verb, scope=scope)
        for kind, field, level in limits:
            FieldLimit.objects.create(role=role, record_type=kind, field=field, level=level)
        RoleHolder.objects.create(role=role, employee=employee)
        return User.objects.create_user(employee.code, "secret", employee=employee)


def rights(kind, scope, verbs=("view", "add", "change", "import", "export")):
    return [(kind, verb, scope) for verb in verbs]


def book(path, rows, sheets=()):
    """A workbook of rows; dates become real dates."""
    made = xlsxwriter.Workbook(path)
    day = made.add_format({"num_format": "yyyy-mm-dd"})
    for name, lines in [("Data", rows), *sheets]:
        sheet = made.add_worksheet(name)
        for line, row in enumerate(lines):
            for place, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(line, place, datetime(cell.year, cell.month, cell.day), day)
                elif cell is not None:
                    sheet.write(line, place, cell)
    made.close()
    return path


def text(path, content, encoding="utf-8"):
    path.write_bytes(content.encode(encoding))
    return path


def run(model, path, user=None, **options):
    """(plan, change set) of an import through the whole way."""
    work = running.prepare(model, user or SYSTEM(), read_table(path), **options)
    return running.apply(work, source=path.name)


def refusals(plan):
    return {(one["row"], one["column"]): one["message"] for one in plan.refusals()}


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


# -- keys, rights, rules -----------------------------------------------------------------------------------------------


def test_keys_by_code_before_name_and_never_by_guess(house, tmp_path):
    with changes("command"):
        Employee.objects.create(company=house.company, code="Ann", name="Another")
        Employee.objects.create(company=house.company, code="b2", name="Bob")
    plan, _changeset = run(Customer, text(tmp_path / "c.csv", "code,name,owner\nK1,One,Ann\nK2,Two,Bob\nK3,Three,b2\n"))
    assert Customer.objects.get(code="K1").owner.name == "Another"
    assert "several" in refusals(plan)[3, "owner"]
    assert Customer.objects.get(code="K3").owner.code == "b2"


def test_rows_may_point_at_rows_below(house, tmp_path):
    path = text(tmp_path / "e.csv", "code,name,direct superior\n1,One,2\n2,Two,3\n3,Three,\n4,Four,5\n5,Five,4\n6,Six,9\n7,Seven,6\n")
    plan, _changeset = run(Employee, path)
    assert Employee.objects.get(code="1").superior.superior.code == "3"
    assert {row for row, _column in refusals(plan)} == {5, 6, 7, 8}
    assert Employee.objects.get(code="1").history.count() == 1


def test_nobody_imports_without_the_right(house, tmp_path):
    user = person(house.ann, *rights("customers.customer", "own", ["view", "add", "change"]))
    with pytest.raises(FileRefused, match="None of your roles allows “import”"):
        run(Customer, text(tmp_path / "c.csv", "code,name\nK1,One\n"), user)
    assert not Customer.objects.exists()


def test_the_scope_holds_for_the_second_record_too(house, tmp_path):
    run(Customer, text(tmp_path / "c.csv", "code,name,owner\nK1,Mine,ann\nK2,Not mine,bob\n"))
    user = person(house.ann, *rights("customers.customer", "own"))
    plan, _changeset = run(
        Customer, text(tmp_path / "c.csv", "code,name,owner\nK1,Still mine,ann\nK2,Taken,ann\nK3,Given away,bob\nK4,New,\n"), user
    )
    assert set(Customer.objects.values_list("code", "name")) == {("K1", "Still mine"), ("K2", "Not mine")}
    assert set(refusals(plan)) == {(3, "code"), (4, ""), (5, "")}
    plan, _changeset = run(Customer, text(tmp_path / "c.csv", "code,name\nK5,Mine by itself\n"), user)
    assert Customer.objects.get(code="K5").owner == house.ann


def test_a_foreign_key_by_number_is_not_there(house, tmp_path):
    run(Customer, text(tmp_path / "c.csv", "code,name,owner\nK1,Mine,ann\nK2,Not mine,bob\n"))
    user = person(house.ann, *rights("customers.customer", "own"), *rights("customers.contact", "own"))
    foreign = Customer.objects.get(code="K2")
    plan, _changeset = run(Customer, text(tmp_path / "c.csv", f"id,name\n{foreign.pk},Taken\n"), user)
    assert list(refusals(plan)) == [(2, "id")]
    plan, _changeset = run(Contact, text(tmp_path / "k.csv", "customer,name\nK1,Good\nK2,Bad\n"), user)
    assert list(refusals(plan)) == [(3, "customer")]
    assert list(Contact.objects.values_list("name", flat=True)) == ["Good"]


def test_a_field_that_is_only_read_stays(house, tmp_path):
    run(Customer, text(tmp_path / "c.csv", "code,name,credit limit,owner\nK1,One,100,ann\n"))
    user = person(
        house.ann,
        *rights("customers.customer", "all"),
        limits=[("customers.customer", "credit_limit", 2), ("customers.customer", "tax_number", 0)],
    )
    plan, _changeset = run(Customer, text(tmp_path / "c.csv", "code,name,credit limit\nK1,One!,100\nK2,Two,\nK3,Three,5\n"), user)
    assert Customer.objects.get(code="K1").name == "One!"
    assert list(refusals(plan)) == [(4, "credit limit")]
    plan, _changeset = run(Customer, text(tmp_path / "c.csv", "code,credit limit\nK1,999\n"), user)
    assert list(refusals(plan)) == [(2, "credit limit")]
    with pytest.raises(FileRefused, match="Nothing is known by the heading"):
        run(Customer, text(tmp_path / "c.csv", "code,name,tax_number\nK1,One,5\n"), user)


def test_rules_of_the_model_hold(house, tmp_path):
    run(Customer, text(tmp_path / "c.csv", "code,name\nK1,One\nK2,Two\n"))
    plan, _changeset = run(
        PriceList, text(tmp_path / "p.csv", "code,name,valid from,valid to\nL1,Good,2025-01-01,2025-02-01\nL2,Bad,2025-02-01,2025-01-01\n")
    )
    assert list(refusals(plan)) == [(3, "valid to")]
    run(Contact, text(tmp_path / "k.csv", "customer,name,main contact\nK1,First,no\nK1,Second,yes\nK1,Third,no\nK2,Other,no\n"))
    assert set(Contact.objects.filter(is_main=True).values_list("name", flat=True)) == {"Second", "Other"}


def test_labels_in_three_languages(house, tmp_path):
    plan, _changeset = run(OptionList, text(tmp_path / "o.csv", "code,labels.en,labels.zh-hans\ncolours,Colours,颜色\n"))
    assert OptionList.objects.get(code="colours").labels == {"en": "Colours", "zh-hans": "颜色"}
    run(OptionList, text(tmp_path / "o.csv", "code,labels.zh-hant\ncolours,顏色\n"))
    assert OptionList.objects.get(code="colours").labels == {"en": "Colours", "zh-hans": "颜色", "zh-hant": "顏色"}


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


# -- documents ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def customer(house, tmp_path):
    run(Customer, text(tmp_path / "customer.csv", "code,name,owner\nK1,One,ann\n"))
    return Customer.objects.get(code="K1")


ORDERS = """external number,customer,date,product,quantity,unit,price
A-1,K1,2025-06-01,P1,2,,
,,,P1,1,box,200
A-2,K1,2025-06-02,P1,5,piece,9.5
A-2,K1,2025-06-02,P1,1,piece,8
"""


def test_documents_come_in_as_drafts_with_their_lines(house, customer, tmp_path):
    plan, _changeset = run(Order, text(tmp_path / "o.csv", ORDERS))
    assert (len(plan.new), plan.refusals()) == (2, [])
    first, second = Order.objects.order_by("external_number")
    assert (first.approval, first.number, first.owner) == (Approval.DRAFT, "", house.ann)
    lines = list(
        first.lines.values_list("position", "unit", "factor", "base_quantity", "price", "price_source", "tax_rate", "list_price", "cost")
    )
    assert lines == [(1, "piece", 1, 2, 10, "rule", 13, 10, 4), (2, "box", 24, 24, 200, "manual", 13, 240, 4)]
    assert (first.gross, second.gross, second.tax) == (Decimal(220), Decimal("55.5"), Decimal("6.38"))
    stored = [(first.net, first.tax, first.gross)]
    with changes("form"):
        first.recompute()
    assert [(first.net, first.tax, first.gross)] == stored, "the sums are those a form would store"
    plan, changeset = run(Order, text(tmp_path / "o.csv", ORDERS))
    assert (plan.unchanged, changeset) == (2, None)


def test_amounts_that_are_none_are_refused_with_their_document(house, customer, tmp_path):
    """An allowance beyond the total, one below 0, one finer than the currency; 5.00 on 20.00 is taken."""
    rows = "".join(f"A-{number},K1,2025-06-01,P1,2,piece,10,{text}\n" for number, text in enumerate(("20.01", "-1", "0.005", "5"), 1))
    plan, _changeset = run(Order, text(tmp_path / "o.csv", f"{ORDERS.splitlines()[0]},allowance\n{rows}"))
    assert (len(plan.new), len(plan.refusals())) == (1, 3)
    assert Order.objects.get().gross == 15


def test_a_foreign_document_takes_the_rate_of_its_day(house, customer, tmp_path):
    """Without one stored it cannot be priced; 7.20 from 1 June make the standard price of 10 yuan 1.388889 dollars."""
    with changes("command"):
        Currency.objects.get_or_create(code="USD", defaults={"name": "Dollar"})
    order = text(tmp_path / "o.csv", "external number,customer,date,product,quantity,unit,currency\nA-1,K1,2025-06-02,P1,2,piece,USD\n")
    plan, _changeset = run(Order, order)
    assert len(plan.refusals()) == 1 and not Order.objects.exists()
    with changes("command"):
        ExchangeRate.objects.create(currency_id="USD", valid_from="2025-06-01", rate=Decimal("7.2"))
    run(Order, order)
    made = Order.objects.get()
    assert (made.rate, made.lines.get().price, made.lines.get().list_price) == (Decimal("7.2"), Decimal("1.388889"), Decimal("1.388889"))


def test_lines_are_changed_added_and_taken_away(house, customer, tmp_path):
    run(Order, text(tmp_path / "o.csv", ORDERS))
    lines = "A-1,K1,2025-06-01,P1,3,piece,10\nA-2,K1,2025-06-02,P1,5,piece,9.5\n,,,P1,1,piece,8\n,,,P1,2,piece,1\n"
    plan, _changeset = run(Order, text(tmp_path / "o.csv", f"{ORDERS.splitlines()[0]}\n{lines}"))
    assert (len(plan.changed), plan.unchanged) == (2, 0)
    first, second = Order.objects.order_by("external_number")
    assert (first.lines.count(), first.gross, second.lines.count(), second.gross) == (1, 30, 3, Decimal("57.5"))


def test_one_wrong_line_refuses_its_document(house, customer, tmp_path):
    wrong = ORDERS.replace(",,,P1,1,box", ",,,P9,0,box")
    plan, _changeset = run(Order, text(tmp_path / "o.csv", wrong + "A-3,K1,2025-06-01,P1,1.5,box,1\nA-4,K1,2025-06-01,P1,1,crate,1\n"))
    assert list(Order.objects.values_list("external_number", flat=True)) == ["A-2"]
    assert set(refusals(plan)) == {(3, "product"), (6, "quantity"), (7, "unit")}


@pytest.mark.damages_books
def test_a_locked_document_is_not_changed(house, customer, tmp_path):
    run(Order, text(tmp_path / "o.csv", ORDERS))
    with changes("operation"):
        Order.objects.filter(external_number="A-1").update(approval=Approval.PENDING)
    plan, _changeset = run(Order, text(tmp_path / "o.csv", ORDERS.replace("P1,2,,", "P1,9,,").replace("8\n", "7\n")))
    assert [(row, "locked" in words) for (row, _column), words in refusals(plan).items()] == [(2, True)]
    assert Order.objects.get(external_number="A-1").lines.first().quantity == 2
    assert Order.objects.get(external_number="A-2").gross == Decimal("54.5")


def test_state_and_number_are_not_the_files_to_set(house, customer, tmp_path):
    path = text(tmp_path / "o.csv", "number,approval,customer,date,product,quantity,price\nX-1,approved,K1,2025-06-01,P1,1,5\n")
    run(Order, path)
    order = Order.objects.get()
    assert (order.number, order.external_number, order.approval) == ("", "X-1", Approval.DRAFT)


# -- effective history -------------------------------------------------------------------------------------------------


def opened(house, tmp_path, quantity=50):
    from models.stock.opening import OpeningStock

    columns = {"external_number": {"value": "O"}, "warehouse": {"value": "W1"}, "date": {"value": "2025-01-01"}}
    lines = {"lines.product": "p", "lines.quantity": "q", "lines.unit_cost": "c"}
    return run(OpeningStock, text(tmp_path / "s.csv", f"p,q,c\nP1,{quantity},4\n"), columns=columns | lines, options={"effective": True})


EFFECTIVE = """external number,approval,customer,date,shipped_on,product,quantity,price
H-1,approved,K1,2025-02-01,2025-02-03,P1,20,10
H-2,approved,K1,2025-02-02,,P1,5,10
H-3,void,K1,2025-02-02,2025-02-04,P1,99,10
H-4,approved,K1,2025-02-05,2025-02-06,P1,40,10
"""


def test_effective_orders_post_stock_and_debt(house, customer, tmp_path):
    opened(house, tmp_path)
    plan, _changeset = run(Order, text(tmp_path / "h.csv", EFFECTIVE), options={"effective": True})
    assert refusals(plan) == {(5, ""): "Not enough stock. P1 Bolt in Main: 30 available, 40 needed."}
    states = dict(Order.objects.values_list("external_number", "approval"))
    assert states == {"H-1": "approved", "H-2": "approved", "H-3": "void"}
    balance = Balance.objects.get()
    assert (balance.on_hand, balance.reserved, balance.value) == (30, 0, 120)
    account = customer.balances.get()
    assert (account.balance, account.ordered) == (200, 50)
    assert set(Order.objects.values_list("number", "is_opening")) == {("", True)}
    plan, changeset = run(Order, text(tmp_path / "h.csv", EFFECTIVE), options={"effective": True})
    assert (len(plan.new), plan.unchanged, changeset) == (0, 3, None)


def test_a_preview_of_history_writes_nothing(house, customer, tmp_path):
    opened(house, tmp_path)
    work = running.prepare(Order, SYSTEM(), read_table(text(tmp_path / "h.csv", EFFECTIVE)), options={"effective": True})
    plan = running.check(work)
    assert (len(plan.new), plan.refused_rows) == (3, 1)
    assert (Order.objects.count(), Balance.objects.get().on_hand) == (0, 50)


def test_effective_history_is_a_right_of_its_own(house, customer, tmp_path):
    user = person(house.ann, *rights("sales.order", "all"), *rights("customers.customer", "all"), *rights("products.product", "all"))
    with pytest.raises(FileRefused, match="bring in effective history"):
        run(Order, text(tmp_path / "h.csv", EFFECTIVE), user, options={"effective": True})
    plan, _changeset = run(
        Order, text(tmp_path / "h.csv", EFFECTIVE.replace("approval", "Zustand").replace("shipped_on", "x")), user, strict=False
    )
    assert set(Order.objects.values_list("approval", flat=True)) == {Approval.DRAFT}


# -- the command -------------------------------------------------------------------------------------------------------


def command(*arguments, code=0, **options):
    output = StringIO()
    if code:
        with pytest.raises(SystemExit) as left:
            call_command("import_records", *map(str, arguments), json=True, stdout=output, **options)
        assert left.value.code == code
    else:
        call_command("import_records", *map(str, arguments), json=True, stdout=output, **options)
    return json.loads(output.getvalue())


def test_command(house, tmp_path):
    path = text(tmp_path / "c.csv", "code,name\nK1,One\nK2,\n")
    seen = command("customers.Customer", path, preview=True)
    assert (seen["status"], seen["new"], seen["changeset"], Customer.objects.count()) == ("preview", 1, None, 0)
    done = command("customers.Customer", path)
    assert (done["status"], done["new"], done["changed"], done["unchanged"]) == ("imported", 1, 0, 0)
    assert done["refused"] == [{"row": 3, "column": "name", "value": "", "message": "This must be filled in."}]
    assert ChangeSet.objects.get(pk=done["changeset"]).kind == "import"
    log = ImportRun.objects.get()
    assert (log.record_type, log.new, log.refused, str(log.changeset)) == ("customers.customer", 1, 1, done["changeset"])
    refused = command("customers.Customer", text(tmp_path / "d.csv", "code,colour\nK1,red\n"), code=2)
    assert (refused["status"], refused["refused"][0]["column"]) == ("refused", "colour")
    assert command("customers.Customer", tmp_path / "none.csv", code=2)["status"] == "refused"
    with pytest.raises(CommandError, match="no active user"):
        command("customers.Customer", path, username="nobody")
    with pytest.raises(CommandError, match="no record type"):
        command("customers.Nobody", path)


def test_command_for_a_person_with_a_mapping_and_a_sheet(house, tmp_path):
    user = person(house.ann, *rights("customers.customer", "own"))
    with changes("form"):
        ImportMapping.objects.create(record_type="customers.customer", name="Old system", columns={"code": "Nr", "name": "Firm"})
    path = book(tmp_path / "b.xlsx", [["Nr", "Firm"], ["1", "Wrong"]], [("Right", [["Nr", "Firm"], ["2", "Two"]])])
    done = command("customers.Customer", path, mapping="Old system", sheet="Right", username=user.username)
    assert (done["new"], Customer.objects.get().owner) == (1, house.ann)
    assert ChangeSet.objects.get(pk=done["changeset"]).user_id == user.pk


# -- the way out -------------------------------------------------------------------------------------------------------


def exported(model, user=None, format="xlsx", queryset=None, **options):
    description = Description(model, user or SYSTEM())
    return exporting.export(description, model._base_manager.all() if queryset is None else queryset, format, **options)[0]


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_nothing_exported_is_a_formula_and_everything_reads_back(house, tmp_path, format):
    names = ["=1+1", "+86 138", "-x", "@sum", "==1+1", "'=x", "'plain", "＝x", '"quoted"', "a\nb", "00123", "真"]
    rows = [["code", "name", "credit limit"], *[[f"K{i}", name, i / 3] for i, name in enumerate(names)]]
    with changes("form"):
        for code, name, limit in rows[1:]:
            Customer.objects.create(company=house.company, code=code, name=name, credit_limit=round(Decimal(limit), 3))
    data = exported(Customer, format=format)
    path = tmp_path / f"out.{format}"
    path.write_bytes(data)
    if format == "csv":
        assert data.startswith(b"\xef\xbb\xbf") and data.count(b"\xef\xbb\xbf") == 1
        cells = [cell for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) for cell in row]
        assert not [cell for cell in cells if cell[:1] in exporting.DANGEROUS and cell]
    else:
        with zipfile.ZipFile(path) as archive:
            assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    plan, changeset = run(Customer, path)
    assert (len(plan.new), len(plan.changed), plan.unchanged, plan.refusals(), changeset) == (0, 0, len(names), [], None)


def test_export_obeys_scope_and_field_rights_and_is_written_down(house, tmp_path):
    from models.lowcode.models import ExportRun

    run(Customer, text(tmp_path / "c.csv", "code,name,owner,phone\nK1,Mine,ann,111\nK2,Not mine,bob,222\n"))
    user = person(house.ann, *rights("customers.customer", "own"), limits=[("customers.customer", "phone", 0)])
    data = exported(Customer, user, "csv", selection="q=x").decode("utf-8-sig")
    assert "Mine" in data and "Not mine" not in data and "111" not in data and "hone" not in data.splitlines()[0]
    log = ExportRun.objects.get()
    assert (log.user, log.rows, log.selection, "phone" in log.columns) == (user, 1, "q=x", False)


def test_documents_go_out_with_their_lines_and_a_mark_and_come_back_unchanged(house, customer, tmp_path):
    run(Quote, text(tmp_path / "q.csv", "external number,customer,product,quantity,price\nQ1,K1,P1,2,10\n,,P1,3,9\nQ2,K1,P1,1,1\n"))
    path = tmp_path / "out.xlsx"
    path.write_bytes(exported(Quote, marked=True))
    table = read_table(path)
    assert table.rows[0][0].startswith("Exported by")
    assert len(table.rows) == 2 + 3
    plan, changeset = run(Quote, path)
    assert (plan.unchanged, len(plan.new), len(plan.changed), plan.refusals(), changeset) == (2, 0, 0, [], None)


# -- every record type -------------------------------------------------------------------------------------------------


def screens():
    admin.autodiscover()
    found = [model for model in admin.site._registry if model._meta.app_label in {config.label for config in apps.get_app_configs()}]
    return sorted((model for model in found if hasattr(admin.site._registry[model], "spreadsheet")), key=lambda model: model._meta.label)


@pytest.fixture
def documents(people):
    """One of everything: a quote in approval, an order delivered in part, paid in part, returned in part."""
    from tests.people import deliver, make_order, make_quote, product, receive, take_back

    things = [product(f"QH{number:04d}") for number in range(1, 4)]
    make_quote(items=[(one, 3) for one in things])
    order = make_order(items=[(one, 10) for one in things])
    delivery = deliver(order, {1: 4, 2: 5})
    receive(order.customer.debtor, "5")
    take_back(delivery, {1: 1})


def test_every_record_type_has_template_export_and_import(documents, tmp_path):
    """What is there goes out and comes back unchanged; junk is refused with a sentence; what nobody types is not imported."""
    models = screens()
    assert len(models) > 30
    junk = text(tmp_path / "junk.csv", "qqq,zzz\n1,2\n")
    for model in models:
        description = Description(model, SYSTEM())
        assert exporting.template(description)
        path = tmp_path / f"{model._meta.label_lower}.xlsx"
        path.write_bytes(exported(model))
        with pytest.raises(FileRefused):
            run(model, junk)
        if not (description.may_add or description.may_change):
            continue
        table = read_table(path)
        if len(table.rows) < 2:
            continue
        work = running.prepare(model, SYSTEM(), table)
        plan = running.check(work)
        assert (len(plan.new), [one.changed for one in plan.changed], plan.refusals()[:3]) == (0, [], []), model._meta.label
        assert plan.unchanged == model._base_manager.count(), model._meta.label


def test_price_list_items_and_others_without_a_screen(house, tmp_path):
    run(PriceList, text(tmp_path / "l.csv", "code,name\nL1,List\n"))
    run(PriceListItem, text(tmp_path / "i.csv", "price list,product,unit,from quantity,price\nL1,P1,box,0,9\nL1,P1,piece,10,8\n"))
    assert set(PriceListItem.objects.values_list("unit__name", "price")) == {("box", 9), ("piece", 8)}
