"""What the grid answers and keeps: sums, prices, errors, drafts, two grids on a page, and the product's own page. In Chromium."""

import json
import random
from decimal import Decimal

import pytest

from models.audit.changes import changes
from models.base.money import line_amounts
from models.products.models import Product
from models.sales.models import Quote, QuoteLine
from tests.browser.linegrid_page import HAND, browser, open_quote, shop, sign_in, stored
from tests.people import customer_of

__all__ = ["browser", "open_quote", "shop"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class TestSums:
    def test_amount_gives_price_and_a_late_answer_does_not_undo_it(self, open_quote):
        page, quote = open_quote()
        page.go(0, "product")
        page.type("P1")
        page.press("Enter")
        page.type("3")
        page.go(0, "amount")
        page.type("100")
        page.press("Enter")
        page.settled()
        assert (page.value(0, "price"), page.value(0, "price_source")) == ("33.333333", "back")
        page.save()
        line = QuoteLine.objects.get(quote=quote)
        assert (line.price, line.amount, line.price_source) == (Decimal("33.333333"), 100, "back")

    def test_the_totals_of_the_page_are_the_servers(self, open_quote, shop):
        lines = [(shop.products[number], number + 1, f"{number}.37") for number in range(9)]
        page, quote = open_quote(lines, discount=Decimal("93.5"), allowance=Decimal("0.07"), prices_include_tax=False)
        quote.refresh_from_db()
        for name in ("net", "tax", "gross"):
            assert page.total(name) == f"{getattr(quote, name):,.2f}"
        page.page.locator("[name=discount]").fill("80")
        page.page.wait_for_timeout(60)
        shown = page.total("gross")
        page.save()
        quote.refresh_from_db()
        assert shown == page.total("gross") == f"{quote.gross:,.2f}"

    def test_an_exempt_line_counts_no_tax_at_once(self, open_quote, shop):
        page, quote = open_quote([(shop.products[0], 1, 113), (shop.products[1], 1, 100)])
        page.cell(0, "is_exempt").check()
        page.page.wait_for_timeout(60)
        assert (page.value(0, "tax_rate"), page.total("net"), page.total("tax"), page.total("gross")) == ("0", "201.50", "11.50", "213.00")
        page.go(0, "tax_rate")
        page.type("13")
        page.press("Tab")
        assert page.value(0, "tax_rate") == "0"
        page.save()
        assert [(line.is_exempt, line.tax) for line in quote.lines.all()] == [(True, 0), (False, Decimal("11.50"))]
        page.go(0, "quantity")
        page.type("2")
        page.press("Enter")
        page.settled()
        assert page.cell(0, "is_exempt").is_checked() and page.value(0, "tax_rate") == "0"
        page.cell(0, "is_exempt").uncheck()
        page.settled()
        assert page.value(0, "tax_rate") == "13"

    def test_a_line_of_an_exempt_product_begins_exempt(self, open_quote, shop):
        with changes("command"):
            Product.objects.filter(pk=shop.products[1].pk).update(is_exempt=True)
        page, quote = open_quote()
        page.go(0, "product")
        page.type("P1")
        page.press("Enter")
        page.settled()
        assert page.cell(0, "is_exempt").is_checked() and (page.value(0, "tax_rate"), page.total("tax")) == ("0", "0.00")
        page.save()
        line = quote.lines.get()
        assert (line.is_exempt, line.tax_rate, line.tax) == (True, 0, 0)

    @pytest.mark.req("DAY-02")
    def test_rounding_off(self, open_quote, shop):
        page, quote = open_quote([(shop.products[0], 1, "123.45")], allowance=Decimal("0.40"))
        page.page.get_by_text("Round off").click()
        assert page.page.locator("[name=allowance]").input_value() == "0.45"
        page.save()
        quote.refresh_from_db()
        assert (quote.gross, page.total("gross"), page.total("reduction")) == (123, "123.00", "-0.45")

    def test_another_customer_has_other_prices(self, open_quote, shop):
        page, _quote = open_quote([(shop.products[1], 1, 11)])
        page.page.locator("[name=customer]").select_option(str(shop.vip.pk))
        page.settled()
        assert page.value(0, "price") == "9.90"

    def test_another_unit_and_a_step_have_another_price(self, open_quote, shop):
        page, _quote = open_quote([(shop.products[0], 1, 9)], customer=shop.vip)
        page.go(0, "quantity")
        page.type("100")
        page.press("Enter")
        page.settled()
        assert page.value(0, "price") == "8.00"
        page.cell(0, "unit").select_option("箱")
        page.settled()
        assert page.value(0, "price") == "8.00" and page.value(0, "amount") == "800.00"

    def test_below_the_floor_is_marked(self, open_quote, shop):
        page, _quote = open_quote([(shop.products[0], 1, 10)])
        page.go(0, "price")
        page.type("4")
        page.press("Enter")
        page.settled()
        assert "Below the floor" in page.page.locator(".lg-beside").first.text_content()

    def test_twenty_thousand_amounts(self, open_quote):
        page, _quote = open_quote()
        chance = random.Random(5)
        rows = []
        for _number in range(20000):
            numbers = [Decimal(chance.randint(0, 10**9)).scaleb(-chance.choice([0, 2, 4])) for _name in range(2)]
            numbers += [Decimal(chance.randint(0, 15000)).scaleb(-2), Decimal(chance.choice([13, 9, 6, 3, 1, 0]))]
            rows.append((numbers, chance.random() < 0.5))
        expected = [[f"{amount:.2f}" for amount in line_amounts(*numbers, includes)] for numbers, includes in rows]
        found = page.page.evaluate(
            """(rows) => rows.map(([numbers, includesTax]) => {
                 const [quantity, price, discount, taxRate] = numbers.map(Decimals.parse);
                 const line = Decimals.lineAmounts({ quantity, price, discount, taxRate, includesTax, isGift: false });
                 return ["amount", "net", "tax", "gross"].map((name) => Decimals.text(Decimals.round(line[name], 2))); })""",
            json.loads(json.dumps(rows, default=str)),
        )
        assert found == expected


class TestErrors:
    def test_the_wrong_cell_has_the_focus_and_the_reason(self, open_quote):
        page, quote = open_quote()
        page.paste(0, "product", "P1\t2\nnothing\t3\n")
        page.save()
        page.page.wait_for_timeout(150)
        assert page.place == (1, "product")
        assert page.page.locator(".lg-error").all_text_contents() == ["No product “nothing” is on sale. Press F7 to look it up."]
        assert page.column("product")[:2] == ["P1", "nothing"]
        page.press("Control+a")
        page.type("P2")
        page.press("Enter")
        page.settled()
        page.save()
        assert stored(quote) == [("P1", 2, 11), ("P2", 3, 12)]

    def test_not_a_number(self, open_quote):
        page, _quote = open_quote()
        page.go(0, "quantity")
        page.type("12x")
        page.press("Tab")
        assert page.page.locator(".lg-error").all_text_contents() == ["This is not a number."]


class TestDraft:
    def test_a_closed_browser_loses_nothing(self, open_quote, shop):
        page, quote = open_quote([(shop.products[0], 1, 10)])
        page.go(1, "product")
        page.type("P3")
        page.press("Enter")
        page.type("4")
        page.page.locator("[name=remark]").fill("by the back door")
        page.page.wait_for_timeout(700)
        page.open()
        banner = page.page.locator(".lg-banner")
        assert "2 lines" in banner.text_content()
        banner.get_by_text("Restore").click()
        page.settled()
        assert page.column("product")[:2] == ["P0", "P3"] and page.column("quantity")[:2] == ["1", "4"]
        assert page.page.locator("[name=remark]").input_value() == "by the back door"
        page.save()
        assert stored(quote) == [("P0", 1, 10), ("P3", 4, 13)]
        assert page.page.locator(".lg-banner").is_hidden()
        assert page.page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft:')).length") == 0

    def test_a_draft_stays_when_saving_failed(self, open_quote):
        page, _quote = open_quote()
        page.go(0, "product")
        page.type("nothing")
        page.press("Enter")
        page.settled()
        page.save()
        page.open()
        assert page.page.locator(".lg-banner").is_visible()
        page.page.locator(".lg-banner").get_by_text("Discard").click()
        page.open()
        assert page.page.locator(".lg-banner").is_hidden()


class TestTwoGrids:
    def test_each_keeps_to_itself(self, open_quote):
        page, quote = open_quote()
        page.address += "?two"
        page.open()
        for prefix, code in [("lines", "P1"), ("more", "P2")]:
            page.page.locator(f"[data-linegrid={prefix}] [data-name=product]").first.focus()
            page.type(code)
            page.press("Enter")
            page.type("2")
            page.press("Enter")
            page.settled()
        assert page.page.locator("[data-linegrid=more] [data-total=gross]").text_content() == "24.00"
        page.page.wait_for_timeout(600)
        page.open()
        page.page.locator(".lg-banner").first.get_by_text("Restore").click()
        page.settled()
        page.save()
        assert sorted(stored(quote)) == [("P1", 2, 11), ("P2", 2, 12)]


class TestRealScreen:
    """The same on the product's own page of a quote, as the salesperson of the demo company."""

    @pytest.mark.req("DAY-04")
    def test_ten_lines_and_ninety_keys(self, browser, live_server, people):
        seller = people.salesperson
        buyer = customer_of(seller)
        context, keys = browser.new_context(viewport={"width": 1280, "height": 800}), 0
        page, problems = sign_in(context, live_server.url, seller), []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{live_server.url}/sales/quote/add/")
        page.wait_for_function("document.querySelector('[data-linegrid]').lineGrid")
        page.evaluate(
            "([key, text]) => backoffice.take('customer', key, text, document.querySelector('.record-form'))", [str(buyer.pk), buyer.name]
        )
        page.locator(".lg-row [data-name=product]").first.focus()
        codes = list(Product.objects.filter(kind="goods").order_by("code").values_list("code", flat=True)[:10])
        for code in codes:
            for text in (code, "5"):
                page.keyboard.type(text, delay=HAND)
                page.keyboard.press("Enter")
                keys += len(text) + 1
        assert keys <= 90
        page.wait_for_function("!document.querySelector('[aria-busy]')")
        page.wait_for_timeout(700)
        assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft:')).length") == 1
        shown = page.locator("[data-total=gross]").text_content()
        page.locator("[name=_save]").click()
        page.wait_for_url("**/change/")
        quote = Quote.objects.get(customer=buyer)
        assert [line.product.code for line in quote.lines.select_related("product")] == codes
        assert f"{quote.gross:,.2f}" == shown == page.locator("[data-total=gross]").text_content()
        assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft:')).length") == 0
        assert problems == []
        context.close()
