"""A deed chosen while something is unsaved: what stands on the screen is saved first and is what the deed is done with."""

import pytest
from django.conf import settings
from django.test import Client

from models.sales.models import Delivery
from tests import people as desk
from tests.browser.test_boards import browser  # noqa: F401 (fixture)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(200)]


@pytest.fixture
def keeper(browser, live_server, people):  # noqa: F811
    """The storekeeper's page of a draft delivery of 3 bolts, opened."""
    delivery = desk.deliver(desk.make_order(desk.customer(), [(desk.product("QH0001"), 3)]), dispatch=False)
    client = Client()
    client.force_login(desk.named("cangguan"))
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/sales/delivery/{delivery.pk}/change/")
    yield page, delivery
    context.close()


def test_it_works(keeper):
    page, delivery = keeper
    assert page.locator(".heading .button.main").evaluate("(one) => getComputedStyle(one).backgroundColor") != "rgb(255, 255, 255)"
    page.locator("input[name=lines-0-quantity]").fill("2")
    page.keyboard.press("Tab")
    page.locator(".heading .button.main").click()
    page.locator("dialog[open] form button[type=submit]").wait_for()
    delivery.refresh_from_db()
    assert [line.quantity for line in delivery.lines.all()] == [2] and delivery.progress == Delivery.Progress.DRAFT
    page.locator("dialog[open] form button[type=submit]").click()
    page.wait_for_function("document.querySelector('.heading').innerText.includes('Dispatched')")
    delivery.refresh_from_db()
    assert delivery.progress == Delivery.Progress.DISPATCHED and [line.quantity for line in delivery.lines.all()] == [2]


def test_what_cannot_be_saved_asks_nothing(keeper):
    page, delivery = keeper
    page.locator("input[name=lines-0-quantity]").fill("many")
    page.keyboard.press("Tab")
    page.locator(".heading .button.main").click()
    page.locator(".lg-error, .message.error").first.wait_for()
    assert page.locator("dialog[open]").count() == 0
    delivery.refresh_from_db()
    assert [line.quantity for line in delivery.lines.all()] == [3] and delivery.progress == Delivery.Progress.DRAFT
