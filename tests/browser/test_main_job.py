"""The main job from end to end in Chromium, each step by the person whose job it is, none as superuser; and its price in keys and clicks.

BACKOFFICE_SHOTS names a folder for screenshots of each step; without it none are kept.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.server import running
from tests.browser.hands import Person
from tests.conftest import CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
SHOTS = os.environ.get("BACKOFFICE_SHOTS", "")
PASSWORD = "demo-2026"
PREPARE = """
import django; django.setup()
from tests import people
people.load()
people.stock_up(*[people.product(f"QH{number:04}") for number in range(1, 11)], quantity=100000)
"""


@pytest.fixture
def site(installation):
    """A server on an installation with the demo company's master data and goods in stock."""
    root = Path(__file__).resolve().parents[2]
    environment = installation | {"PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-c", PREPARE], env=environment, cwd=root, check=True, capture_output=True)
    with running(environment) as server:
        yield server


@pytest.fixture
def chromium(driver):
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield browser
    browser.close()


class Office:
    """The people at their desks, in one language and width."""

    def __init__(self, browser, site, language, width):
        self.browser, self.site, self.language, self.width = browser, site, language, width
        self.prices, self.problems, self.step = {}, [], 0

    def person(self, username):
        return Person(self.browser, self.site.address, username, PASSWORD, self.language, self.width, 900 if self.width > 500 else 844)

    def note(self, person, task):
        """Keep the price of a task and a picture of its end."""
        self.step += 1
        self.prices[task] = {"keys": person.effort.keys, "clicks": person.effort.clicks, "seconds": person.effort.seconds}
        person.shot(SHOTS, f"{self.language}-{self.width}-{self.step:02}-{task.replace(' ', '-')}")

    def leave(self, person):
        self.problems += person.problems
        person.close()


def path_of(person):
    return re.sub(r"^https?://[^/]+", "", person.page.url)


def next_step(person):
    """Ctrl+Enter: the logical next step; again in its dialog where it has one. Waits for the page that follows."""
    main = person.page.locator(".heading .button.main").first
    has_dialog = main.get_attribute("data-dialog") is not None
    person.page.evaluate("document.body.dataset.before = '1'")
    person.press("Control+Enter")
    if has_dialog:
        person.page.locator("dialog[open] form button[type=submit]").first.wait_for()
        person.press("Control+Enter")
    person.page.wait_for_function("!document.body.dataset.before")
    person.settle()


def state(person):
    return person.page.locator(".heading").inner_text()


def pick_customer(person, initials, name):
    person.type(initials)
    person.page.locator(".picker-list, [popover]:popover-open").first.wait_for()
    person.press("Enter")
    person.page.wait_for_function("(name) => document.querySelector('#id_customer').value.includes(name)", arg=name)


@pytest.mark.req("QUO-03", "QUO-04", "ORD-02", "SHP-04", "DAY-04")
@pytest.mark.parametrize(("language", "width"), [("zh-CN", 1280), ("en-GB", 1280), ("zh-CN", 390), ("en-GB", 390)])
def test_from_quote_to_return(site, chromium, language, width):
    office = Office(chromium, site, language, width)
    chinese = language.startswith("zh")

    seller = office.person("yewu2")
    seller.open("/sales/quote/add/")
    seller.begin()
    pick_customer(seller, "lkwj", "隆凯")
    for number in range(1, 11):
        seller.type(f"QH{number:04}")
        seller.press("Enter")
        seller.page.wait_for_function("document.activeElement.dataset.name === 'quantity' && document.activeElement.value === '1'")
        seller.type("1000")
        seller.press("Enter")
        seller.page.wait_for_function("document.activeElement.dataset.name === 'product'")
    seller.press("Control+Enter")
    seller.page.wait_for_url(re.compile(r"/change/"))
    seller.settle()
    office.note(seller, "quote of 10 lines")
    quote = path_of(seller)
    assert ("审批中" if chinese else "In approval") in state(seller)

    head = office.person("zhuguan")
    head.open(quote)
    head.begin()
    head.decide()
    next_step(head)
    office.note(head, "approve")
    if ("审批中" if chinese else "In approval") in state(head):
        for boss in ("quyu", "zong"):
            higher = office.person(boss)
            higher.open(quote)
            if higher.page.locator(".heading .button.main").count():
                next_step(higher)
            office.leave(higher)

    seller.open(quote)
    assert ("已审批" if chinese else "Approved") in state(seller)
    seller.begin()
    next_step(seller)
    seller.page.wait_for_url(re.compile(r"/sales/order/\d+/change/"))
    seller.press("Control+Enter")
    seller.page.wait_for_function("document.querySelector('.heading').innerText.includes('XSDD')")
    seller.settle()
    office.note(seller, "order of the quote, submitted")
    assert ("已审批" if chinese else "Approved") in state(seller)

    seller.begin()
    seller.press("Control+Enter")
    quantity = seller.page.locator("dialog[open] input[name^=quantity-]")
    quantity.first.wait_for()
    for _line in range(10):
        seller.press("Control+a")
        seller.type("600")
        seller.press("Tab")
    seller.press("Control+Enter")
    seller.page.wait_for_url(re.compile(r"/sales/delivery/\d+/change/"))
    seller.settle()
    office.note(seller, "partial delivery of 10 lines")
    delivery = path_of(seller)

    keeper = office.person("cangguan")
    keeper.open(delivery)
    keeper.begin()
    next_step(keeper)
    office.note(keeper, "dispatch")
    assert ("已发货" if chinese else "Dispatched") in state(keeper)

    cashier = office.person("chuna")
    cashier.open("/finance/receipt/add/")
    cashier.begin()
    pick_customer(cashier, "lkwj", "隆凯")
    cashier.page.locator("[name^=lines-][name$=-receivable]:not([name*=__prefix__])").first.wait_for(state="attached")
    cashier.page.locator("input[name=amount]").focus()
    cashier.type("2000")
    cashier.press("Control+Enter")
    cashier.page.wait_for_url(re.compile(r"/finance/receipt/\d+/change/"))
    cashier.settle()
    office.note(cashier, "receipt, part of what is due")
    receipt = path_of(cashier)

    accountant = office.person("kuaiji")
    accountant.open(receipt)
    accountant.begin()
    next_step(accountant)
    office.note(accountant, "approve the receipt")
    finance = office.person("quyu")  # less came than is due: the financial manager agrees as well
    finance.open(receipt)
    next_step(finance)
    office.leave(finance)
    accountant.open(receipt)
    assert ("已审批" if chinese else "Approved") in state(accountant)

    seller.open(delivery)
    seller.begin()
    seller.click("[data-dialog=do-return_delivery], .menu-item:has-text('退货'), .menu-item:has-text('return')")
    back = seller.page.locator("dialog[open] input[name^=quantity-]")
    back.first.wait_for()
    seller.press("Control+a")
    seller.type("100")
    for index in range(1, 10):
        back.nth(index).fill("0")
    seller.press("Control+Enter")
    seller.page.wait_for_url(re.compile(r"/sales/return/\d+/change/"))
    seller.settle()
    seller.press("Control+Enter")
    seller.page.wait_for_function("document.querySelector('.heading').innerText.includes('XSTH')")
    seller.settle()
    office.note(seller, "return, submitted")
    returned = path_of(seller)

    head.open(returned)
    next_step(head)
    assert ("已审批" if chinese else "Approved") in state(head)
    keeper.open(returned)
    keeper.begin()
    next_step(keeper)
    office.note(keeper, "take the return in")
    assert ("已收货" if chinese else "Taken in") in state(keeper) or ("入库" in state(keeper))

    seller.open("/")
    seller.begin()
    seller.press("Control+k")
    seller.page.wait_for_timeout(200)
    seller.type("lkwj")
    seller.page.locator("dialog[open] a").first.wait_for()
    seller.press("Enter")
    seller.page.wait_for_url(re.compile(r"/customers/customer/\d+/change/"))
    seller.settle()
    office.note(seller, "customer by initials")

    boss = office.person("zong")
    boss.open("/boards/")
    boss.page.locator("canvas").first.wait_for()
    office.note(boss, "board")
    for person in (seller, head, keeper, cashier, accountant, boss):
        office.leave(person)
    assert not office.problems
    print(json.dumps(office.prices, ensure_ascii=False, indent=1))
    assert office.prices["customer by initials"]["keys"] <= 7
    assert office.prices["quote of 10 lines"]["clicks"] == 0
