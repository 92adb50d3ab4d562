"""Printed documents: every line once, subtotals that add up, as many sheets as the paper really takes, only what the reader may see."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from admin_config.printing import pdf, screens
from admin_config.printing.images import Images, images_of
from admin_config.printing.layouts import LAYOUTS, layouts_of
from admin_config.printing.papers import lines_needed
from admin_config.printing.printout import printout
from fixtures.drafts import Item
from models.audit.changes import changes
from models.base.capitals import in_capitals
from models.base.documents import business_today
from models.base.operations import Refusal
from models.finance.models import Receipt, Receivable
from models.office.models import Attachment
from models.org.models import FieldLimit, Role, RoleGrant
from models.products.models import Product
from models.sales.models import Delivery, Order, Quote
from tests import people as desk

pytestmark = pytest.mark.django_db
D = Decimal
SELLER = "yewu2"


def items(count):
    """Lines of many products, each quantity different."""
    products = list(Product.objects.filter(is_active=True).order_by("code"))
    return [Item(products[number % len(products)], D(number + 1), price=D("10.15") + number) for number in range(count)]


def quote(count=3, **values):
    return desk.make_quote(desk.customer(), items(count), by=desk.named(SELLER), submit=False, **values)


def layout(model, code="a4"):
    return next(one for one in layouts_of(model) if one.code == code)


def made_for(document, code="a4", user=None):
    return printout(layout(type(document), code), document, user or desk.named("zong"))


def number(text):
    """1,234.50 → Decimal."""
    return D(re.sub(r"[^\d.−-]", "", text).replace("−", "-"))


def link(document, page, *arguments):
    return reverse(f"admin:sales_{document._meta.model_name}_{page}", args=[document.pk, *arguments])


@pytest.mark.parametrize("code", ["a4", "slip"])
@pytest.mark.parametrize("count", [1, 12, 60])
@pytest.mark.req("DAY-03")
def test_every_line_once_and_subtotals_add_up(people, code, count):
    document = quote(count, allowance=D("0.45"))
    made = made_for(document, code)
    rows = [row for page in made.pages for row in page.rows]
    assert [row[0][0] for row in rows] == [str(position) for position in range(1, count + 1)]
    amounts = [number(row[-1][0]) for row in rows]
    assert amounts == [line.amount for line in document.lines.all()]
    if len(made.pages) > 1:
        assert sum(number(page.subtotal) for page in made.pages) == sum(amounts)
    assert number(made.total) == document.gross
    assert made.capitals == "人民币" + in_capitals(document.gross)
    assert [page.number for page in made.pages if page.is_last] == [len(made.pages)]
    assert made.pages[-1].rows, "the closing block never stands alone"


@pytest.mark.parametrize("code", ["a4", "slip"])
@pytest.mark.req("DAY-03")
def test_each_page_has_its_subtotal(client, people, code):
    """40 lines of 10.00: 400.00. Each page says ten times the number of its lines, and together they are the total."""
    one = Item(desk.product("QH0001"), D(1), price=D("10.00"))
    document = desk.make_quote(desk.customer(), [one] * 40, by=desk.named(SELLER), submit=False)
    client.force_login(desk.named(SELLER))
    page = client.get(link(document, "print_layout", code)).content.decode()
    subtotals = [number(text) for text in re.findall(r"Page subtotal</td><td[^>]*>([^<]*)<", page)]
    lines = [len(re.findall(r">10\.00<", sheet)) // 2 for sheet in page.split('class="sheet')[1:]]
    assert len(subtotals) == len(lines) > 1 and sum(lines) == 40
    assert subtotals == [D(10 * count) for count in lines] and sum(subtotals) == D("400.00")
    assert "人民币肆佰元整" in page


def test_discount_and_tax_lead_from_the_lines_to_the_total(people):
    document = quote(2, discount=D(90), allowance=D("1.00"))
    totals = dict(made_for(document).totals)
    lines = sum(line.amount for line in document.lines.all())
    assert number(totals["Sum of the lines"]) == lines
    assert number(totals["Sum of the lines"]) + number(totals["Discount and allowance"]) == document.gross
    assert number(totals["Tax included"]) == document.tax


def test_a_date_is_only_spoken_of_where_one_is_printed(people):
    dated, open_ended = quote(1, valid_until=business_today()), quote(1, valid_until=None)
    assert "valid until the date above" in made_for(dated).terms
    assert "date above" not in made_for(open_ended).terms and "binding" in made_for(open_ended).terms


def test_prices_stand_with_their_points_in_one_line(people):
    document = quote(2)
    with changes("command"):
        document.lines.filter(position=1).update(price=D("1.2345"))
    made = made_for(document)
    at = [column.heading for column in made.columns].index("Price")
    prices = [row[at][0] for page in made.pages for row in page.rows]
    assert "1.2345" in prices and {len(text.partition(".")[2]) for text in prices} == {4}


def test_prices_without_tax_show_net_and_tax(people):
    document = quote(2, prices_include_tax=False)
    totals = dict(made_for(document).totals)
    assert (number(totals["Net"]), number(totals["Tax"])) == (document.net, document.tax)
    assert number(made_for(document).total) == document.net + document.tax


@pytest.fixture
def library():
    if pdf.weasyprint() is None:
        pytest.skip("no Pango here")
    return pdf.weasyprint()


def sheets_of(library, made):
    html = render_to_string("printing/sheets.html", {"printout": made, "images": Images(), "is_pdf": True})
    return library.HTML(string=html).render().pages


LONG = "高强度不锈钢外六角法兰面螺栓（全螺纹 A2-70 带防松垫圈）DIN 6921 M12×80 Grade 8.8 hot-dip galvanised"


@pytest.mark.parametrize("code", ["a4", "slip"])
@pytest.mark.parametrize("count", [10, 11, 12, 13, 33, 34, 35])
def test_sheets_are_as_many_as_the_paper_takes(people, library, code, count):
    """The heights that pages are cut by are those of the real page: nothing spills over, also with long names and remarks."""
    with changes("command"):
        Product.objects.filter(code__endswith="5").update(name=LONG)
    document = quote(count, remark="含税含运费。" * 12, delivery_terms="送货上门" * 14)
    with changes("form"):
        document.lines.filter(position__in=(2, 9)).update(remark="客户指定包装，外箱贴唛头，附材质证明" * 2)
    made = made_for(document, code)
    pages = sheets_of(library, made)
    assert len(pages) == len(made.pages)
    for page in pages:
        lowest = max(box.position_y + box.height for box in _boxes(page._page_box, "signatures", "lines")) * 25.4 / 96
        assert lowest <= made.paper.height - made.paper.margin_y - 4, "the foot is touched"


def _boxes(box, *names):
    if box.element is not None and box.element.get("class") in names:
        yield box
    for child in getattr(box, "children", ()):
        yield from _boxes(child, *names)


def test_text_is_measured_rather_too_wide():
    assert lines_needed("", 20, 9) == 1
    assert lines_needed("螺栓", 20, 9) == 1
    assert lines_needed("外六角螺栓外六角螺栓", 20, 9) == 2
    assert lines_needed("first\nsecond", 60, 9) == 2
    assert lines_needed("M8×30 stainless steel bolt", 20, 9) >= 3
    assert lines_needed("X" * 40, 20, 9) >= 4


def test_a_draft_says_so_and_an_approved_one_does_not(people):
    document = quote()
    assert made_for(document).mark == "Draft"
    approved = desk.make_quote(desk.customer(), items(1), by=desk.named(SELLER))
    desk.approve(approved)
    assert made_for(approved).mark == ""


def test_delivery_before_and_after_dispatch_shows_the_same_amounts(people):
    """Three of ten, then the rest; prices as agreed, amounts as charged."""
    order = desk.make_order(desk.customer(), [Item(desk.product("QH0001"), D(10), price=D("3.33"), discount=D(95))], date=date(2026, 3, 2))
    waiting = desk.deliver(order, {1: 3}, dispatch=False)
    before = made_for(waiting, "slip")
    from models.sales.operations.deliveries import dispatch_delivery

    sent = dispatch_delivery(waiting, by=desk.named("zhuguan"))
    after = made_for(Delivery.objects.get(pk=sent.pk), "slip")
    assert [text for text, _column in before.pages[0].rows[0]] == [text for text, _column in after.pages[0].rows[0]]
    assert number(after.total) == sent.gross == D("9.49")  # 3 × 3.33 × 95 % = 9.4905
    assert ("Order", order.number) in after.facts


def test_a_slip_without_prices_has_none(people):
    order = desk.make_order(desk.customer(), items(2))
    delivery = desk.deliver(order, dispatch=False)
    made = made_for(delivery, "slip-goods")
    assert not made.total and not made.capitals and not any(page.subtotal for page in made.pages)
    assert [column.heading for column in made.columns] == ["No.", "Code", "Name and specification", "Unit", "Quantity"]


def test_a_receipt_shows_what_it_pays_and_the_advance(people):
    order = desk.make_order(desk.customer(), items(2))
    desk.deliver(order)
    debt = Receivable.objects.get(origin_id=order.pk)
    receipt = desk.receive(debt.customer, debt.outstanding + 50, [(debt, debt.outstanding)])
    made = made_for(Receipt.objects.get(pk=receipt.pk), "slip")
    assert number(made.total) == receipt.amount
    assert number(dict(made.totals)["Advance"]) == 50
    assert made.pages[0].rows[0][1][0] == debt.title()


@pytest.mark.req("DAY-03")
@pytest.mark.books
def test_prints_are_counted_and_reading_is_not(client, people):
    document = quote()
    desk.submit_quote(document, by=desk.named(SELLER))
    desk.approve(document)
    client.force_login(desk.named(SELLER))
    assert client.get(link(document, "print")).status_code == 200
    assert client.get(link(document, "print_count", "a4")).status_code == 405
    assert Quote.objects.get(pk=document.pk).print_count == 0
    for times in (1, 2):
        assert client.post(link(document, "print_count", "slip")).json() == {"printed": times}
    stored = Quote.objects.get(pk=document.pk)
    assert stored.print_count == 2 and stored.approval == "approved"
    assert [row.print_count for row in document.history.order_by("-history_id")[:3]] == [2, 1, 0]


def test_who_may_not_print_finds_nothing(client, people):
    document = quote()
    with changes("command"):
        RoleGrant.objects.filter(record_type="sales.quote", verb="print").delete()
    client.force_login(desk.named(SELLER))
    assert client.get(link(document, "change")).status_code == 200
    assert link(document, "print") not in client.get(link(document, "change")).content.decode()
    for page, arguments in (("print", ()), ("print_layout", ("a4",))):
        assert client.get(link(document, page, *arguments)).status_code == 404
    for page in ("print_pdf", "print_count"):
        assert client.post(link(document, page, "a4")).status_code == 404


def test_another_salespersons_quote_is_not_there(client, people):
    document = quote()
    client.force_login(desk.named("yewu1"))
    assert client.get(link(document, "print")).status_code == 404


def test_an_unknown_layout_is_not_there(client, people):
    client.force_login(desk.named("zong"))
    assert client.get(link(quote(), "print_layout", "folio")).status_code == 404


def test_hidden_prices_are_not_printed(client, people):
    document = quote(2)
    role = Role.objects.get(code="general_manager")
    with changes("command"):
        FieldLimit.objects.create(role=role, record_type="sales.quoteline", field="price", level=FieldLimit.Level.HIDE)
        FieldLimit.objects.create(role=role, record_type="sales.quoteline", field="amount", level=FieldLimit.Level.MASK)
    made = made_for(document)
    assert not {"Price", "Amount"} & {str(column.heading) for column in made.columns}
    assert not made.total and not made.capitals
    client.force_login(desk.named("zong"))
    assert "11.15" not in client.get(link(document, "print")).content.decode()


def test_pdf(client, people, library):
    document = quote(30)
    client.force_login(desk.named(SELLER))
    assert client.get(link(document, "print_pdf", "slip")).status_code == 405
    response = client.post(link(document, "print_pdf", "slip"))
    assert response["Content-Type"] == "application/pdf" and response.content.startswith(b"%PDF")
    assert Quote.objects.get(pk=document.pk).print_count == 1


def test_without_pango_the_page_says_so_in_one_sentence(client, people, monkeypatch):
    monkeypatch.setattr(pdf, "weasyprint", lambda: None)
    document = quote()
    client.force_login(desk.named(SELLER))
    page = client.get(link(document, "print")).content.decode()
    assert "PDF needs the system library Pango" in page and ">PDF</button>" not in page
    response = client.post(link(document, "print_pdf", "a4"))
    assert response.status_code == 302 and response["Location"] == link(document, "print_layout", "a4")
    assert Quote.objects.get(pk=document.pk).print_count == 0


def test_very_long_documents_are_left_to_the_browser():
    with pytest.raises(Refusal):
        pdf.pdf_of("<p>", lines=pdf.MOST_LINES + 1)


def test_nothing_is_fetched_while_printing(library, tmp_path, monkeypatch):
    """A name that is markup cannot make the server read a file or call an address."""
    import socket

    asked = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: asked.append(address))
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"not to be read")
    opened = []
    real = open
    monkeypatch.setattr("builtins.open", lambda file, *a, **k: (opened.append(str(file)), real(file, *a, **k))[1])
    pdf.pdf_of(f'<img src="file://{secret}"><img src="http://127.0.0.1:9/x.png"><link rel="stylesheet" href="file://{secret}">')
    assert asked == [] and str(secret) not in opened


def test_names_are_text_and_no_markup(client, people):
    with changes("command"):
        Product.objects.filter(code="QH0001").update(name='<img src="file:///etc/passwd">')
    document = desk.make_quote(desk.customer(), [(desk.product("QH0001"), 1)], by=desk.named(SELLER), submit=False)
    client.force_login(desk.named(SELLER))
    page = client.get(link(document, "print")).content.decode()
    assert '<img src="file' not in page and "&lt;img src=" in page


PIXEL = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def test_logo_and_seal_are_files_of_the_company(people, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    company = desk.customer().company
    with changes("form"):
        for name, data in (("logo.png", PIXEL), ("seal.png", b"<svg/>")):
            file = Attachment(record=company, name=name, size=len(data))
            file.file.save(name, ContentFile(data), save=False)
            file.save()
    found = images_of(company)
    assert found.logo.startswith("data:image/png;base64,") and found.seal == ""


@pytest.mark.req("DAY-03")
def test_every_paper_carries_capitals_logo_and_seal(client, people, settings, tmp_path):
    """One bolt at 17.45 quoted, ordered, delivered and paid, on A4 and on three-part slips; A4 in force is sealed."""
    settings.MEDIA_ROOT = tmp_path
    customer = desk.customer()
    with changes("form"):
        for name in ("logo.png", "seal.png"):
            file = Attachment(record=customer.company, name=name, size=len(PIXEL))
            file.file.save(name, ContentFile(PIXEL), save=False)
            file.save()
    one = [Item(desk.product("QH0001"), D(1), price=D("17.45"))]
    offered, order = desk.approve(desk.make_quote(customer, one)), desk.make_order(customer, one)
    delivery = desk.deliver(order)
    debt = Receivable.objects.get()
    receipt = desk.receive(debt.customer, D("17.45"), [debt])
    client.force_login(desk.named("zong"))
    for document in (offered, order, delivery, receipt):
        options = document._meta
        for paper, size in (("a4", "210mm 297mm"), ("slip", "241mm 140mm")):
            address = reverse(f"admin:{options.app_label}_{options.model_name}_print_layout", args=[document.pk, paper])
            page = client.get(address).content.decode()
            assert "人民币壹拾柒元肆角伍分" in page and "17.45" in page, (document, paper)
            assert size in page and 'class="logo" src="data:image/png' in page, (document, paper)
            assert ('class="seal" src="data:image/png' in page) == (paper == "a4"), (document, paper)


@pytest.mark.parametrize(("language", "capitals"), [("zh-hans", "人民币"), ("zh-hant", "人民幣")])
def test_the_reader_chooses_the_language(client, people, language, capitals):
    document = quote()
    client.cookies["language"] = language
    client.force_login(desk.named(SELLER))
    page = client.get(link(document, "print")).content.decode()
    assert f'lang="{language}"' in page and capitals in page
    with translation.override(language):
        assert str(layout(Quote).title) in page


def test_every_layout_prints_every_document_it_is_for(client, people):
    order = desk.make_order(desk.customer(), items(2))
    delivery = desk.deliver(order)
    debt = Receivable.objects.get(origin_id=order.pk)
    documents = {Quote: quote(), Order: order, Delivery: delivery, Receipt: desk.receive(debt.customer, 10, [(debt, 10)])}
    client.force_login(desk.named("zong"))
    for one in LAYOUTS:
        document = documents[one.model]
        address = reverse(f"admin:{one.model._meta.app_label}_{one.model._meta.model_name}_print_layout", args=[document.pk, one.code])
        assert client.get(address).status_code == 200, one


def test_counting_is_one_change_set(people, rf):
    from models.audit.models import ChangeSet

    document = quote()
    request = rf.post("/")
    request.user = desk.named(SELLER)
    screens.count_print(request, document)
    last = ChangeSet.objects.order_by("-id").first()
    assert (last.kind, last.reason, last.user_id) == ("operation", "print_quote", request.user.pk)


def statement_link(customer, code="a4"):
    return reverse("admin:customers_customer_statement", args=[customer.pk, code])


@pytest.mark.req("DAY-03")
def test_a_statement_leads_from_what_was_owed_to_what_is_owed(client, people):
    """Owed before March: 10.15. In March: 12.30 charged, 5.00 received. Owed: 17.45."""
    from admin_config.printing.statement import LAYOUTS as PAPERS
    from admin_config.printing.statement import Statement

    customer = desk.customer()
    for day, price in ((date(2026, 2, 10), "10.15"), (date(2026, 3, 10), "12.30")):
        order = desk.make_order(customer, [Item(desk.product("QH0001"), D(1), price=D(price))], date=day)
        desk.deliver(order, date=day)
    desk.receive(customer, D("5.00"), date=date(2026, 3, 20))
    account = Statement(customer, date(2026, 3, 1), date(2026, 3, 31))
    made = printout(PAPERS[0], account, desk.named("kuaiji"))
    cells = [[text for text, _column in row] for row in made.pages[0].rows]
    assert [row[-3:] for row in cells] == [["", "", "10.15"], ["12.30", "", "22.45"], ["", "5.00", "17.45"]]
    assert [number(text) for _label, text in made.totals] == [D("12.30"), D("5.00")]
    assert number(made.total) == D("17.45") and made.capitals == "人民币壹拾柒元肆角伍分"
    client.force_login(desk.named("kuaiji"))
    page = client.get(statement_link(customer), {"from": "2026-03-01", "to": "2026-03-31"}).content.decode()
    assert "17.45" in page and "print no." in page
    assert client.get(statement_link(customer), {"from": "2026-02-30", "to": "x"}).status_code == 200


def test_a_statement_with_entries_left_out_is_refused(client, people):
    """A customer given to another salesperson: the entries before that are not his, so he would state a wrong balance."""
    customer = desk.customer()
    desk.deliver(desk.make_order(customer, items(1)))
    client.force_login(desk.named(SELLER))
    assert statement_link(customer) in client.get(reverse("admin:customers_customer_change", args=[customer.pk])).content.decode()
    assert "Balance before" in client.get(statement_link(customer, "slip")).content.decode()
    with changes("command"):
        type(customer).objects.filter(pk=customer.pk).update(owner=desk.named("yewu1").employee)
    client.force_login(desk.named("yewu1"))
    assert "would be wrong" in client.get(statement_link(customer)).content.decode()
    client.force_login(desk.named(SELLER))
    assert client.get(statement_link(customer)).status_code == 404


def test_a_statement_as_pdf(client, people, library):
    client.force_login(desk.named("kuaiji"))
    response = client.post(statement_link(desk.customer(), "slip"))
    assert response["Content-Type"] == "application/pdf"


@pytest.mark.req("DAY-03")
def test_prints_of_a_statement_are_counted(people, client):
    buyer = desk.customer()
    desk.login(client, "kuaiji")
    address = reverse("admin:customers_customer_statement_count", args=[buyer.pk, "a4"])
    assert client.get(address).status_code == 405
    assert [client.post(address).json() for _twice in range(2)] == [{"printed": 1}, {"printed": 2}]
    buyer.refresh_from_db()
    assert buyer.print_count == 2 and buyer.history.first().print_count == 2
