"""The page of a line grid under hands: what tests of the grid in Chromium share."""

import pytest
from django.test import Client

from tests.conftest import CHROMIUM
from tests.house import linegrid_desk as desk

HAND = 60  # milliseconds between a person's keys


@pytest.fixture(scope="module")
def browser(driver):
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield browser
    browser.close()


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
