"""What was typed into a form without a line grid and not saved is there again when the browser was closed."""

from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.test import Client

from models.customers.models import Address, Customer
from models.finance.models import Receipt, Receivable
from tests import people as desk
from tests.browser.test_drafts import drafts
from tests.conftest import CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(200)]


@pytest.fixture
def browser_of(driver, live_server, people, tmp_path):
    """`with browser_of("zong")("/path/") as page`: a page as the person sees it, in a browser that ends afterwards; its profile stays."""

    def of(name):
        client = Client()
        client.force_login(desk.named(name))
        session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}

        @contextmanager
        def start(path):
            context = driver.chromium.launch_persistent_context(
                str(tmp_path), executable_path=CHROMIUM, args=["--no-sandbox"], locale="en-GB", timezone_id="Asia/Shanghai"
            )
            context.add_cookies([session])
            page = context.new_page()
            page.goto(live_server.url + path)
            page.wait_for_load_state("networkidle")
            yield page
            context.close()

        return start

    yield of


def banner(page):
    return page.locator("[data-draft-banner]")


def take(page, name, record):
    choose = "([name, key, text]) => backoffice.take(name, key, text, document.querySelector('.record-form'))"
    page.evaluate(choose, [name, str(record.pk), str(record)])


def kept(page, text):
    page.wait_for_function("(text) => Object.values(localStorage).some((one) => one.includes(text))", arg=text)


@pytest.mark.req("DAY-05")
def test_a_customer_survives_a_closed_browser(browser_of):
    """A text, a choice, a key and an added address are back after Restore, and are saved once; nothing is left then."""
    boss, customer = desk.named("zong"), desk.customer()
    other = Customer.objects.exclude(pk=customer.pk).first()
    addresses = customer.addresses.count()
    opened, path = browser_of(boss.username), f"/customers/customer/{customer.pk}/change/"
    with opened(path) as page:
        assert banner(page).is_hidden()
        page.fill("[name=short_name]", "Known by phone")
        status = page.locator("select[name=status]")
        chosen = status.evaluate("(one) => [...one.options].find((option) => option.value && !option.selected).value")
        status.select_option(chosen)
        take(page, "settlement_customer", other)
        page.locator("[data-rows=addresses] [data-add-row]").evaluate("(one) => one.click()")
        number = page.locator("[name=addresses-TOTAL_FORMS]").input_value()
        street = page.locator(f"[name=addresses-{int(number) - 1}-street]")
        street.evaluate("(one) => { one.value = '8 Quay'; one.dispatchEvent(new Event('input', {bubbles: true})); }")
        kept(page, "8 Quay")
        held = page.evaluate("Object.entries(localStorage).filter(([key]) => key.startsWith('draft:')).map((one) => one.join()).join()")
        assert "csrfmiddlewaretoken" not in held
    customer.refresh_from_db()
    assert customer.short_name != "Known by phone"

    with opened(path) as page:
        assert "were kept on this computer" in banner(page).inner_text()
        assert page.input_value("[name=short_name]") != "Known by phone"
        banner(page).get_by_text("Restore").click()
        assert page.input_value("[name=short_name]") == "Known by phone" and page.input_value("select[name=status]") == chosen
        assert page.locator(".picker:has([name=settlement_customer]) [data-picker]").input_value() == str(other)
        page.locator(".bar [name=_save]").click()
        page.wait_for_selector(".message.success")
        assert drafts(page) == 0
    customer.refresh_from_db()
    assert (customer.short_name, customer.status, customer.settlement_customer) == ("Known by phone", chosen, other)
    assert customer.addresses.count() == addresses + 1 and Address.objects.filter(customer=customer, street="8 Quay").count() == 1

    with opened(path) as page:
        assert banner(page).is_hidden() and drafts(page) == 0


@pytest.mark.req("DAY-05")
def test_what_is_discarded_is_forgotten(browser_of):
    """By the button of the bar, and by that of the banner."""
    customer = desk.customer()
    opened, path = browser_of("zong"), f"/customers/customer/{customer.pk}/change/"
    with opened(path) as page:
        page.fill("[name=short_name]", "Nobody")
        kept(page, "Nobody")
        page.locator(".bar [data-discard]").click()
        page.wait_for_function("!document.body.classList.contains('is-changed')")
        assert drafts(page) == 0 and banner(page).is_hidden()
        page.fill("[name=short_name]", "Nobody")
        kept(page, "Nobody")
    with opened(path) as page:
        banner(page).get_by_text("Discard").click()
        assert drafts(page) == 0 and banner(page).is_hidden()
    with opened(path) as page:
        assert banner(page).is_hidden() and page.input_value("[name=short_name]") != "Nobody"


@pytest.mark.req("DAY-05")
def test_a_password_is_never_kept(browser_of):
    """Not even while it is shown."""
    user = desk.named("yewu1")
    with browser_of("guanli")(f"/org/user/{user.pk}/change/") as page:
        word = page.locator("[name=new_password]")
        word.fill("open sesame 12")
        page.fill("[name=username]", "yewu1b")
        word.evaluate("(one) => { one.type = 'text'; one.dispatchEvent(new Event('input', {bubbles: true})); }")
        kept(page, "yewu1b")
        page.wait_for_timeout(700)
        assert "sesame" not in page.evaluate("Object.values(localStorage).join()")


@pytest.mark.req("DAY-05")
def test_a_receipt_with_its_allocation(browser_of):
    """30.00 received, of which 5.00 are typed to the debt of 12.00: both are back, and the row is there once."""
    desk.deliver(desk.make_order(desk.customer(), [(desk.product("QH0001"), 10)]))
    debt = Receivable.objects.get()
    with browser_of("chuna")("/finance/receipt/add/") as page:
        take(page, "customer", debt.customer)
        page.wait_for_selector("[data-rows=lines] tr[data-offered]", state="attached")
        page.fill("[name=amount]", "30")
        page.locator("[name=lines-0-amount]").fill("5")
        kept(page, '"5"')
    with browser_of("chuna")("/finance/receipt/add/") as page:
        banner(page).get_by_text("Restore").click()
        page.wait_for_load_state("networkidle")
        assert page.input_value("[name=amount]") == "30"
        rows = page.locator("[data-rows=lines] tbody tr:not([hidden])")
        assert rows.count() == 1 and rows.locator("[name$=-amount]").input_value() == "5"
        assert rows.locator(".cell-outstanding").inner_text()
        page.locator(".bar [name=_save]").click()
        page.wait_for_selector(".message.success")
        assert drafts(page) == 0
    receipt = Receipt.objects.get()
    assert receipt.amount == Decimal(30) and [line.amount for line in receipt.lines.all()] == [Decimal(5)]
