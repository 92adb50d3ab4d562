"""Number rules on their screen: branches number apart with {company}, and the form says what numbers will look like."""

from decimal import Decimal

import pytest
from django.urls import reverse

from fixtures import drafts
from models.audit.changes import changes
from models.base.documents import business_today
from models.base.verification import verify
from models.customers.models import Customer
from models.lowcode.models import NumberRule
from models.org.models import Company
from tests import people as desk

pytestmark = [pytest.mark.django_db, pytest.mark.books]
HINT = "3 companies draw equal numbers by this pattern; {company} or {branch} tells them apart."


@pytest.fixture
def screen(people, client):
    """The rule of orders as the administrator sees it, and what comes of saving a pattern."""
    client.force_login(people.administrator)
    return Screen(client)


class Screen:
    def __init__(self, client):
        self.client, self.rule = client, NumberRule.objects.get(document="order")
        self.link = reverse("admin:lowcode_numberrule_change", args=[self.rule.pk])

    def page(self):
        return self.client.get(self.link).content.decode()

    def save(self, pattern, reset="month"):
        """The answer's text where it was refused, "" where it was stored."""
        form = self.client.get(self.link).context["adminform"].form
        token = self.client.get(self.link).context
        data = {
            "document": "order",
            "pattern": pattern,
            "reset": reset,
            token["token_name"]: token["token"],
            token["base_name"]: token["base"],
        }
        assert set(form.fields) == {"document", "pattern", "reset"}
        answer = self.client.post(self.link, data)
        self.rule.refresh_from_db()
        return "" if answer.status_code == 302 else answer.content.decode()

    def preview(self, pattern, reset="month"):
        answer = self.client.get(reverse("admin:lowcode_numberrule_preview"), {"pattern": pattern, "reset": reset})
        assert answer.status_code == 200
        return answer.content.decode().strip()


def order_of(company, bolts=10):
    buyer = Customer.objects.filter(company__code=company, status="active").order_by("code").first()
    return desk.make_order(buyer, [drafts.Item(desk.product(), Decimal(bolts), price=Decimal("1.20"))], approved=False)


def test_the_demo_company_numbers_as_it_did(people):
    """Branches draw equal numbers by the rules that ship: each company counts by itself."""
    month = f"{business_today():%Y%m}"
    assert [order_of(company).number for company in ("HZ", "SZ", "HZ")] == [
        f"XSDD-{month}-0001",
        f"XSDD-SZ-{month}-0001",
        f"XSDD-{month}-0002",
    ]


def test_branches_number_apart(screen):
    assert screen.save("XSDD-{company}-{yyyy}{mm}-{n:4}") == ""
    month = f"{business_today():%Y%m}"
    assert [order_of(company).number for company in ("HZ", "SZ", "GZ", "SZ")] == [
        f"XSDD-HZ-{month}-0001",
        f"XSDD-SZ-{month}-0001",
        f"XSDD-GZ-{month}-0001",
        f"XSDD-SZ-{month}-0002",
    ]
    assert verify(["numbers_have_no_gaps"]) == []


def test_a_pattern_that_changes_goes_on_counting(screen):
    order_of("SZ")
    assert screen.save("{company}{yy}{mm}{n:5}") == ""
    assert order_of("SZ").number == f"SZ{business_today():%y%m}00002"
    assert verify(["numbers_have_no_gaps"]) == []


def test_a_code_that_looks_like_part_of_a_number(screen):
    """A branch called 2025 with a brace in its name is told apart all the same."""
    with changes("command"):
        Company.objects.filter(code="SZ").update(code="20{5")
    assert screen.save("{company}{yyyy}{mm}{n:4}") == ""
    assert order_of("20{5").number == f"20{{5{business_today():%Y%m}0001"
    assert verify(["numbers_have_no_gaps"]) == []


def test_the_form_shows_samples_and_the_hint(screen):
    month = f"{business_today():%Y%m}"
    page = screen.page()
    assert "{company} is the company&#x27;s code" in page or "{company} is the company's code" in page
    assert f"Example: XSDD-GZ-{month}-0001 · XSDD-{month}-0001 · XSDD-SZ-{month}-0001" in page and HINT not in page
    assert screen.save("XSDD-{yyyy}{mm}-{n:4}") == ""
    page = screen.page()
    assert f"Example: XSDD-{month}-0001" in page and HINT in page
    assert screen.save("XSDD-{company}-{yyyy}{mm}-{n:4}") == ""  # the hint was no error, nor is it one now
    page = screen.page()
    assert f"Example: XSDD-GZ-{month}-0001 · XSDD-HZ-{month}-0001 · XSDD-SZ-{month}-0001" in page
    assert HINT not in page


def test_a_pattern_without_company_is_stored(screen):
    assert screen.save("SO{yyyy}{mm}/{n:5}") == ""
    assert (screen.rule.pattern, HINT in screen.page()) == ("SO{yyyy}{mm}/{n:5}", True)


def test_one_company_needs_no_hint(screen):
    with changes("command"):
        Company.objects.exclude(code="HZ").update(is_active=False)
    assert "companies draw equal numbers" not in screen.page()
    assert "Example: XSDD-" in screen.page()


@pytest.mark.parametrize(
    ("pattern", "reset", "sentence"),
    [
        ("XSDD-{shop}-{yyyy}{mm}-{n:4}", "month", "Use {company}, {branch}, {yyyy}, {yy}, {mm}, {dd} and {n:4}."),
        ("XSDD-{company-{yyyy}{mm}-{n:4}", "month", "Use {company}, {branch}, {yyyy}, {yy}, {mm}, {dd} and {n:4}."),
        ("XSDD-{yyyy}{mm}-{n:999}", "month", "Use {company}, {branch}, {yyyy}, {yy}, {mm}, {dd} and {n:4}."),
        ("XSDD-{company}-{yyyy}{mm}", "month", "The pattern must contain the counter, e.g. {n:4}."),
        ("XSDD-{company}-{yyyy}-{n:4}", "month", "A counter that starts anew needs its period in the pattern"),
        ("XSDD-{company}-{yyyy}{mm}-{n:28}", "month", "Numbers would have 43 characters, 40 are possible."),
    ],
)
def test_wrong_patterns_are_refused_and_said_while_typing(screen, pattern, reset, sentence):
    before = screen.rule.pattern
    assert sentence in screen.save(pattern, reset)
    assert screen.rule.pattern == before
    assert screen.preview(pattern, reset).startswith(sentence)


def test_the_preview_while_typing(screen, people):
    month = f"{business_today():%Y%m}"
    assert screen.preview("") == ""
    assert screen.preview("A{yyyy}{mm}-{n:2}") == f"Example: A{month}-01<br>{HINT}"
    assert screen.preview("<b>{company}{n}", "never") == "Example: &lt;b&gt;GZ1 · &lt;b&gt;HZ1 · &lt;b&gt;SZ1"
    screen.client.force_login(people.salesperson)
    expected = 200 if screen.client.get(reverse("admin:lowcode_numberrule_changelist")).status_code == 200 else 403
    assert screen.client.get(reverse("admin:lowcode_numberrule_preview"), {"pattern": "{n}"}).status_code == expected


def test_branches_have_a_mark_and_the_head_office_none(screen):
    assert screen.save("XSDD-{branch}{yyyy}{mm}-{n:4}") == ""
    numbers = [order_of(company).number for company in ("HZ", "SZ", "SZ")]
    month = f"{business_today():%Y%m}"
    assert numbers == [f"XSDD-{month}-0001", f"XSDD-SZ-{month}-0001", f"XSDD-SZ-{month}-0002"]
    assert not [finding for finding in verify() if "number" in str(finding)]
