"""What was typed and not saved is there again when the browser was closed: on the product's own pages, in a browser with a profile."""

from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.test import Client

from models.sales.models import Quote
from tests import people as desk
from tests.conftest import CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(200)]


@pytest.fixture
def opened(driver, live_server, people, tmp_path):
    """`with opened() as page`: a new quote as yewu1 sees it, in a browser that ends afterwards; its profile stays."""
    client = Client()
    client.force_login(desk.named("yewu1"))
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}

    @contextmanager
    def start():
        context = driver.chromium.launch_persistent_context(str(tmp_path), executable_path=CHROMIUM, args=["--no-sandbox"], locale="en-GB")
        context.add_cookies([session])
        page = context.new_page()
        page.goto(f"{live_server.url}/sales/quote/add/")
        page.wait_for_function("document.querySelector('[data-linegrid]').lineGrid")
        yield page
        context.close()

    yield start


def drafts(page):
    return page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft:')).length")


@pytest.mark.req("DAY-05")
def test_a_closed_browser_loses_nothing(opened):
    """Four services at 250.00 and a remark: 1,000.00 are stored after all, once, and nothing is left to restore."""
    buyer = desk.customer_of(desk.named("yewu1"))
    with opened() as page:
        page.evaluate(
            "([key, text]) => backoffice.take('customer', key, text, document.querySelector('.record-form'))", [str(buyer.pk), buyer.name]
        )
        page.wait_for_load_state("networkidle")
        page.locator("[data-name=product]").first.fill("QH0079")
        page.locator("[data-name=product]").first.press("Enter")
        page.wait_for_function("document.activeElement.dataset.name === 'quantity' && !document.querySelector('[aria-busy]')")
        page.locator("[data-name=quantity]").first.fill("4")
        page.locator("[data-name=price]").first.fill("250")
        page.locator("[data-name=price]").first.press("Enter")
        page.wait_for_function("document.querySelector('[data-total=gross]').textContent.includes('1,000.00')")
        page.locator("[name=remark]").evaluate(
            "(one) => { one.value = 'by phone'; one.dispatchEvent(new Event('input', {bubbles: true})); }"
        )
        page.wait_for_function("Object.values(localStorage).some((kept) => kept.includes('by phone'))")
        assert drafts(page) == 1
    assert not Quote.objects.exists()

    with opened() as page:
        page.locator(".lg-banner").get_by_text("Restore").click()
        page.wait_for_function("!document.querySelector('[aria-busy]')")
        assert page.locator("[data-name=product]").first.input_value() == "QH0079"
        page.locator("[name=_save]").click()
        page.wait_for_url("**/change/")
        assert drafts(page) == 0
    quote = Quote.objects.get()
    assert (quote.customer, quote.remark, quote.gross) == (buyer, "by phone", Decimal("1000.00"))
    assert list(quote.lines.values_list("product__code", "quantity", "price")) == [("QH0079", 4, 250)]
