"""What an order's form fills in by itself, in Chromium: the rate of the day, an address chosen with the keys, costs beside a line."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.server import running
from tests.browser.hands import Person
from tests.conftest import CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PREPARE = """
import django; django.setup()
from decimal import Decimal
from models.audit.changes import changes
from models.org.models import ExchangeRate
from tests import people
people.load()
with changes("command"):
    for day, rate in (("2026-01-01", "7.2"), ("2026-07-01", "7.5")):
        ExchangeRate.objects.create(currency_id="USD", valid_from=day, rate=Decimal(rate))
print(people.customer().pk)
"""


@pytest.mark.req("DAY-04", "DAY-09", "FIN-33")
def test_it_works(installation, driver):
    """The general manager enters an order of KH0002, who has two addresses."""
    root = Path(__file__).resolve().parents[2]
    environment = installation | {"PYTHONPATH": str(root)}
    made = subprocess.run([sys.executable, "-c", PREPARE], env=environment, cwd=root, check=True, capture_output=True, text=True)
    customer = made.stdout.split()[-1]
    with running(environment) as server:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        person = Person(browser, server.address, "zong", "demo-2026")
        person.open(f"/sales/order/add/?customer={customer}")
        page = person.page
        address, addresses = page.locator("[name=delivery_address]"), page.locator("select[data-fills=delivery_address]")
        first, second = addresses.locator("option").all_inner_texts()[1:]
        assert address.input_value() == first
        addresses.focus()
        person.press("ArrowDown", "ArrowDown")
        assert address.input_value() == second
        address.fill("elsewhere")
        assert addresses.input_value() == ""

        rate, date = page.locator("[name=rate]"), page.locator("[name=date]")
        page.get_by_role("tab").nth(1).click()
        date.evaluate("(one) => { one.value = '2026-03-02'; }")
        with page.expect_response("**/defaults/**"):
            page.locator("[name=currency]").select_option("USD")
        page.wait_for_function("document.querySelector('[name=rate]').value === '7.2'")
        with page.expect_response("**/defaults/**"):
            date.evaluate("(one) => { one.value = '2026-08-02'; one.dispatchEvent(new Event('change', {bubbles: true})); }")
        page.wait_for_function("document.querySelector('[name=rate]').value === '7.5'")
        rate.evaluate("(one) => { one.value = '7.11'; }")
        with page.expect_response("**/defaults/**"):
            date.evaluate("(one) => { one.value = '2026-03-02'; one.dispatchEvent(new Event('change', {bubbles: true})); }")
        assert rate.input_value() == "7.11", "a rate that was typed stays when the day changes"

        page.get_by_role("tab").first.click()
        with page.expect_response("**/lookup/"):
            page.locator("[data-name=product]").first.fill("QH0001")
            page.locator("[data-name=product]").first.press("Enter")
        page.wait_for_function("document.querySelector('.lg-beside').textContent.includes('0.7176')")
        assert "%" in page.locator(".lg-beside").first.inner_text()
        assert not person.problems
        person.close()
        browser.close()
