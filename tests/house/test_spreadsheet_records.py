"""Spreadsheets and the records behind them: keys, rights and rules, documents, effective history, the command, and the way out."""

import csv
import io
import json
import zipfile
from decimal import Decimal
from io import StringIO

import pytest
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
from models.lowcode.models import ImportMapping, ImportRun, OptionList
from models.org.models import Currency, Employee, ExchangeRate
from models.products.models import PriceList, PriceListItem, Product
from models.sales.models import Order, Quote
from models.stock.models import Balance
from tests.house.spreadsheet_desk import SYSTEM, book, customer, exported, house, person, refusals, rights, run, text

__all__ = ["customer", "house"]
pytestmark = [pytest.mark.books, pytest.mark.django_db]


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


# -- documents ---------------------------------------------------------------------------------------------------------


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


def test_exempt_lines_come_in_and_are_changed_without_tax(house, customer, tmp_path):
    """A line says it, else its product does; an existing line that becomes exempt loses its rate and its tax."""
    with changes("command"):
        Product.objects.filter(code="P1").update(is_exempt=True)
    heading = "external number,customer,date,product,quantity,price,tax rate in %,exempt\n"
    new = heading + "A-1,K1,2025-06-01,P1,1,100,,\n,,,P1,1,100,13,\n,,,P1,1,100,,no\n,,,P1,1,100,9,yes\n"
    plan, _changeset = run(Order, text(tmp_path / "new.csv", new))
    assert plan.refusals() == []
    lines = Order.objects.get().lines
    rates = lines.values_list("is_exempt", "tax_rate", "tax")
    assert list(rates) == [(True, 0, 0), (False, 13, Decimal("11.50")), (False, 0, 0), (True, 0, 0)]
    plan, _changeset = run(Order, text(tmp_path / "again.csv", new.replace("100,13,", "100,,yes")))
    assert plan.refusals() == [] and list(rates.all())[1] == (True, 0, 0)
    assert Order.objects.get().tax == 0


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
