"""The line grid under hands: keyboard, input method, scanner, clipboard, errors, drafts. In Chromium, on a bare page."""

import json
import os
import random
from decimal import Decimal

import pytest
from django.test import Client

from models.base.money import line_amounts
from models.products.models import Product
from models.sales.models import Quote, QuoteLine
from tests.conftest import CHROMIUM
from tests.house import linegrid_desk as desk
from tests.people import customer_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HAND = 60  # milliseconds between a person's keys


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps a loop in this thread; the tests use the database beside it
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Page:
    """The page of one quote, in words of the person at the desk."""

    def __init__(self, page, address):
        self.page, self.address, self.problems = page, address, []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.open()

    def open(self):
        self.page.goto(self.address)
        self.page.wait_for_function("document.querySelector('[data-linegrid]').lineGrid")

    def cell(self, row, name):
        return self.page.locator(f".lg-row:not([hidden]) >> nth={row} >> [data-name={name}]").first

    def value(self, row, name):
        return self.cell(row, name).input_value()

    def column(self, name):
        return self.page.evaluate(f"[...document.querySelectorAll('.lg-row:not([hidden]) [data-name={name}]')].map((one) => one.value)")

    def go(self, row, name):
        self.cell(row, name).focus()
        self.page.keyboard.press("Control+a")

    def type(self, text, delay=HAND):
        self.page.keyboard.type(text, delay=delay)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def scan(self, barcode):
        """What a scanner does: all keys at once, then Enter. Made in the page, for a busy machine types slowly from outside."""
        self.page.evaluate(
            """(barcode) => { const press = (key) => document.activeElement.dispatchEvent(
                   new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
                 for (const key of barcode) if (press(key)) document.execCommand("insertText", false, key);
                 press("Enter"); }""",
            barcode,
        )

    @property
    def place(self):
        """(row, name) of the cell with the focus."""
        return tuple(
            self.page.evaluate(
                """[[...document.querySelectorAll('.lg-row:not([hidden])')].indexOf(document.activeElement.closest('tr')),
                    document.activeElement.dataset.name]"""
            )
        )

    def settled(self):
        """Wait until every answer has come."""
        self.page.wait_for_timeout(120)
        self.page.wait_for_function("!document.querySelector('[aria-busy]')")
        self.page.wait_for_timeout(40)

    def total(self, name):
        return self.page.locator(f"[data-total={name}]").text_content().strip()

    def paste(self, row, name, text):
        self.go(row, name)
        self.page.evaluate(
            """(text) => { const data = new DataTransfer(); data.setData("text/plain", text);
                const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
                document.activeElement.dispatchEvent(event); }""",
            text,
        )
        self.settled()

    def save(self):
        with self.page.expect_navigation():
            self.page.locator("[name=_save]").click()
        self.page.wait_for_function("document.querySelector('[data-linegrid]').lineGrid")


def sign_in(context, address, user):
    """A page of a browser in which this person is logged in."""
    client = Client()
    client.force_login(user)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}])
    return context.new_page()


@pytest.fixture
def shop(settings):
    settings.ROOT_URLCONF = desk.__name__
    shop = desk.open_shop(12)
    desk.hire(shop.company, *desk.SELLER)
    return shop


@pytest.fixture
def open_quote(browser, live_server, shop):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    pages = []

    def start(lines=(), **fields):
        quote = desk.make_quote(shop, lines, **fields)
        pages.append(Page(context.new_page(), f"{live_server.url}/desk/{quote.pk}/"))
        return pages[-1], quote

    yield start
    context.close()
    assert [problem for page in pages for problem in page.problems] == []


def stored(quote):
    return [(line.product.code, line.quantity, line.price) for line in quote.lines.order_by("position")]


class TestKeyboard:
    def test_it_works(self, open_quote):
        """Code, Enter, quantity, Enter: nine keys a line and no mouse."""
        page, quote = open_quote()
        page.go(0, "product")
        for code, quantity in [("P1", "12"), ("P2", "3"), ("P3", "7")]:
            page.type(code)
            page.press("Enter")
            assert page.place[1] == "quantity"
            page.type(quantity)
            page.press("Enter")
        assert page.place == (3, "product")
        page.settled()
        assert page.column("price")[:3] == ["11.00", "12.00", "13.00"]
        assert (page.total("count"), page.total("gross")) == ("3", "259.00")
        page.save()
        assert stored(quote) == [("P1", 12, 11), ("P2", 3, 12), ("P3", 7, 13)]

    def test_arrows_and_tab(self, open_quote, shop):
        page, _quote = open_quote([(shop.products[0], 1, 10), (shop.products[1], 2, 11)])
        page.go(0, "quantity")
        page.press("ArrowDown")
        assert page.place == (1, "quantity")
        page.press("ArrowRight")
        assert page.place == (1, "price")
        page.press("ArrowLeft", "ArrowLeft")
        assert page.place == (1, "unit")
        page.press("ArrowUp")
        assert page.place == (0, "unit")
        page.press("Tab", "Tab", "Shift+Tab")
        assert page.place == (0, "quantity")
        page.go(1, "quantity")
        page.press("ArrowDown", "ArrowDown")
        assert page.place == (2, "quantity")

    def test_the_list_while_typing(self, open_quote):
        page, _quote = open_quote()
        page.go(0, "product")
        page.type("齿盘")
        page.page.wait_for_selector("#lg-list li")
        page.press("ArrowDown", "Enter")
        assert page.value(0, "product") == "P1" and page.place == (0, "quantity")
        page.go(1, "product")
        page.type("cp")
        page.page.wait_for_selector("#lg-list li")
        page.press("Escape")
        assert page.page.locator("#lg-list").is_hidden() and page.value(1, "product") == "cp"

    def test_initials_typed_faster_than_the_list(self, open_quote):
        page, _quote = open_quote()
        page.go(0, "product")
        page.type("qqq")
        page.press("Enter")
        page.settled()
        assert page.page.locator(".lg-error").all_text_contents() == ["No product “qqq”. F7 looks it up."]
        page.go(0, "product")
        page.type("cpy")
        page.press("Enter")
        page.settled()
        assert page.value(0, "product") == "P1" and page.page.locator(".lg-error").count() == 0

    def test_copy_down_insert_move_delete_undo(self, open_quote, shop):
        page, quote = open_quote([(shop.products[number], number + 1, 10 + number) for number in range(3)])
        page.go(1, "quantity")
        page.press("Control+d")
        assert page.value(1, "quantity") == "1"
        page.press("Control+Shift+ArrowUp")
        assert page.column("product")[:3] == ["P1", "P0", "P2"] and page.place == (0, "quantity")
        page.go(2, "product")
        page.press("Insert")
        page.type("P5")
        page.press("Enter")
        page.settled()
        page.go(0, "product")
        page.press("Control+Delete")
        assert page.column("product")[:3] == ["P0", "P5", "P2"]
        page.page.get_by_text("Undo").click()
        assert page.column("product")[:4] == ["P1", "P0", "P5", "P2"]
        page.go(1, "product")
        page.press("Control+Delete")
        page.save()
        assert [code for code, *_rest in stored(quote)] == ["P1", "P5", "P2"]

    def test_the_row_menu_moves_without_dragging(self, open_quote, shop):
        page, _quote = open_quote([(shop.products[number], 1, 10) for number in range(2)])
        page.page.locator(".lg-position").nth(2).click()
        page.page.locator(".lg-position").nth(1).click(force=True)
        page.page.get_by_role("menuitem", name="Move up").click()
        assert page.column("product")[:2] == ["P1", "P0"]

    def test_dragging_by_the_number(self, open_quote, shop):
        page, quote = open_quote([(shop.products[number], 1, 10) for number in range(3)])
        page.page.drag_and_drop(
            ".lg-row:nth-child(1) .lg-position", ".lg-row:nth-child(3) .lg-position", target_position={"x": 10, "y": 30}
        )
        assert page.column("product")[:3] == ["P1", "P2", "P0"]
        page.save()
        assert [code for code, *_rest in stored(quote)] == ["P1", "P2", "P0"]


class TestInputMethod:
    def test_keys_belong_to_the_input_method_while_it_composes(self, open_quote):
        """Enter that ends a composition neither leaves the cell nor looks up; the search comes with its end."""
        page, _quote = open_quote()
        page.go(0, "product")
        client = page.page.context.new_cdp_session(page.page)
        client.send("Input.imeSetComposition", {"text": "chipan", "selectionStart": 6, "selectionEnd": 6})
        page.page.wait_for_timeout(250)
        assert page.page.locator("#lg-list").is_hidden()
        page.page.evaluate(
            """for (const part of [{ key: "Enter", keyCode: 229 }, { key: "ArrowDown", isComposing: true }])
                 document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { ...part, bubbles: true, cancelable: true }))"""
        )
        assert page.place == (0, "product")
        client.send("Input.insertText", {"text": "齿盘"})
        page.page.wait_for_selector("#lg-list li")
        assert page.value(0, "product") == "齿盘"


class TestScanner:
    def test_scans_follow_each_other_and_the_same_item_counts_up(self, open_quote):
        page, quote = open_quote()
        page.go(0, "product")
        for barcode in ["6900001", "6900002", "6900001", "X6900001", "6900001"]:
            page.scan(barcode)
        page.settled()
        assert page.column("product") == ["P1", "P2", "P1", ""]
        assert page.column("quantity")[:3] == ["3", "1", "1"] and page.column("unit")[2] == "箱"
        page.save()
        assert stored(quote) == [("P1", 3, 11), ("P2", 1, 12), ("P1", 1, 132)]

    def test_a_scan_into_a_quantity_is_no_quantity(self, open_quote, shop):
        page, _quote = open_quote([(shop.products[0], 5, 10)])
        page.go(0, "quantity")
        page.scan("6900003")
        page.settled()
        assert page.column("quantity")[:2] == ["5", "1"] and page.column("product")[:2] == ["P0", "P3"]
        assert page.place == (2, "product")

    def test_a_scan_whose_answer_never_came_is_saved(self, open_quote):
        page, quote = open_quote()
        page.page.route("**/lookup/", lambda route: route.abort())
        page.go(0, "product")
        page.scan("6900004")
        page.page.wait_for_timeout(200)
        assert "does not answer" in page.page.locator(".lg-status").text_content()
        page.save()
        assert stored(quote) == [("P4", 1, 14)]


class TestPaste:
    def test_from_a_spreadsheet(self, open_quote):
        page, quote = open_quote()
        page.paste(0, "product", '编码\t名称\t数量\t单价\r\nP1\t齿盘乙\t１０\t9.5\r\nP2\t齿盘丙\t"1,200"\t\r\n')
        assert page.column("product")[:2] == ["P1", "P2"]
        assert page.column("quantity")[:2] == ["10", "1200"] and page.column("price")[:2] == ["9.5", "12.00"]
        page.save()
        assert stored(quote) == [("P1", 10, Decimal("9.5")), ("P2", 1200, 12)]

    def test_headings_of_the_grid_name_the_columns(self, open_quote):
        page, _quote = open_quote()
        page.paste(0, "product", "Quantity\tRemark\tProduct\n5\turgent\tP3\n")
        assert (page.value(0, "product"), page.value(0, "quantity"), page.value(0, "remark")) == ("P3", "5", "urgent")

    def test_down_a_column_and_unknown_codes(self, open_quote, shop):
        page, _quote = open_quote([(shop.products[0], 1, 10), (shop.products[1], 1, 11)])
        page.paste(0, "quantity", "4\n5\n")
        assert page.column("quantity")[:2] == ["4", "5"]
        page.paste(2, "product", "P2\t1\nnothing\t2\n")
        assert page.page.locator(".lg-error").all_text_contents() == ["No product “nothing”. F7 looks it up."]

    def test_a_single_value_is_pasted_by_the_browser(self, open_quote):
        page, _quote = open_quote()
        page.paste(0, "remark", "just text")
        assert page.page.locator(".lg-row").count() == 1


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


class TestPicker:
    def test_many_at_once(self, open_quote):
        page, quote = open_quote()
        page.go(0, "product")
        page.press("F7")
        page.page.wait_for_selector(".lg-found label")
        page.type("P1")
        page.page.wait_for_function("document.querySelectorAll('.lg-found label').length < 12")
        page.page.locator(".lg-found label", has_text="P10").locator(".lg-pick-quantity").fill("5")
        page.page.locator(".lg-found label", has_text="P11").locator("[type=checkbox]").check()
        page.page.get_by_text("Add to the lines").click()
        page.settled()
        page.save()
        assert stored(quote) == [("P10", 5, 20), ("P11", 1, 21)]


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


class TestPhone:
    def test_no_sideways_scroll_and_targets_for_thumbs(self, browser, live_server, shop):
        quote = desk.make_quote(shop, [(shop.products[0], 1, 10)])
        context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
        page = Page(context.new_page(), f"{live_server.url}/desk/{quote.pk}/")
        assert page.page.evaluate("document.querySelector('.lg').scrollWidth <= innerWidth")
        box = page.cell(0, "quantity").bounding_box()
        assert box["height"] >= 44 and box["x"] + box["width"] <= 390
        assert page.page.locator(".lg-remove").first.bounding_box()["height"] >= 44
        context.close()
