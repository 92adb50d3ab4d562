"""What conditions ask, worked out by hand."""

from decimal import Decimal

import pytest
from django.apps import apps

from flows.defaults import CHAINS
from flows.facts import holds, problem_of, sentence, told
from flows.models import ChainCondition
from flows.routes import ROUTES, documents, route_of
from models.audit.changes import changes
from models.base.documents import Document
from models.base.operations import find_operation
from models.finance.models import CustomerBalance
from models.sales.facts import OfferFacts, OrderFacts
from tests import people as make
from tests.flows.conftest import make_order, make_quote

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def condition(text):
    fact, operator, value = text.split(" ", 2)
    return ChainCondition(fact=fact, operator=operator, value=value)


def test_every_document_has_a_flow_with_facts():
    assert set(documents()) == {"quote", "order", "receipt", "refund", "return"}
    assert all(code in flow.documents for flow in ROUTES for code in flow.documents)


def test_every_document_that_is_submitted_has_a_flow():
    submitted = {
        model.DOCUMENT_CODE
        for model in apps.get_models()
        if issubclass(model, Document) and model.HAS_APPROVAL and find_operation(model, f"submit_{model.DOCUMENT_CODE}")
    }
    assert submitted == set(documents())


def test_payments_answer_the_questions_of_any_document(people):
    receipt = make.receive(make.customer(), Decimal(500), approved=False)
    facts = route_of(receipt).instance.facts(receipt)
    assert facts.get("amount") == 500 and facts.get("is_cash") is False
    assert facts.get("department") == receipt.department.code and facts.get("region") == receipt.region.code


def test_amounts_and_margin(company):
    facts = OfferFacts(make_quote(company, quantity=3, price=80))
    assert facts.amount == Decimal("240")
    assert facts.margin == Decimal("25")  # (240 − 3 × 60) / 240


def test_the_amount_is_in_the_company_currency(company):
    facts = OfferFacts(make_quote(company, quantity=3, price=80, rate=Decimal("7.1")))
    assert facts.amount == Decimal("1704.00")
    assert facts.margin == Decimal("89.4366")  # (1,704 − 180) / 1,704


def test_the_margin_is_unknown_without_a_cost(company):
    with changes("form"):
        company.product.cost = 0
        company.product.save()
    facts = OfferFacts(make_quote(company))
    assert facts.margin is None and not holds(condition("margin < 12"), facts.margin)


def test_the_lowest_discount_counts_every_discount(company):
    quote = make_quote(company, price=95, discount=Decimal(90))
    with changes("form"):
        quote.lines.update(discount=Decimal(98))
        quote.recompute()
    assert OfferFacts(quote).lowest_discount == Decimal("83.79")  # 0.95 × 0.98 × 0.90


def test_an_allowance_counts_in_proportion(company):
    quote = make_quote(company, quantity=10, allowance=Decimal(50))
    assert OfferFacts(quote).lowest_discount == Decimal("95")


def test_rounding_to_cents_is_no_discount(company):
    """Of 3.33 at 95 % 3.16 is paid, which is 94.89 %; the salesperson has given 95 %."""
    quote = make_quote(company)
    with changes("form"):
        quote.lines.update(list_price=Decimal("3.33"), price=Decimal("3.33"), discount=Decimal(95))
        quote.recompute()
    facts = OfferFacts(quote)
    assert (facts.lowest_discount, facts.below_floor) == (Decimal(95), False)


def test_a_gift_is_no_discount(company):
    quote = make_quote(company)
    with changes("form"):
        quote.lines.update(is_gift=True)
        quote.recompute()
    assert OfferFacts(quote).lowest_discount == 100


def test_the_floor_is_the_owners(company):
    with changes("form"):
        position = company.people["sales"].position
        position.discount_floor = Decimal(80)
        position.save()
    assert OfferFacts(make_quote(company, price=81)).below_floor is False
    assert OfferFacts(make_quote(company, price=79)).below_floor is True


@pytest.mark.damages_books
def test_credit_counts_what_is_owed_and_ordered(company):
    with changes("form"):
        company.customer.credit_limit = Decimal(1000)
        company.customer.save()
    CustomerBalance.objects.create(company=company.firm, customer=company.customer, balance=Decimal(700), ordered=Decimal(250))
    facts = OrderFacts(make_order(company, quantity=2))
    assert (facts.credit_excess, facts.credit_excess_percent, facts.overdue) == (Decimal(150), Decimal(15), 0)


@pytest.mark.parametrize(
    ("text", "value", "answer"),
    [
        ("amount > 100", Decimal("100.01"), True),
        ("amount > 100", Decimal(100), False),
        ("amount >= 100", Decimal(100), True),
        ("amount < 100", Decimal("99.99"), True),
        ("amount <= 100", Decimal(100), True),
        ("amount = 100", Decimal("100.000"), True),
        ("amount > 1,000", Decimal(1500), True),
        ("amount > 100", None, False),
        ("below_floor is yes", True, True),
        ("below_floor is no", True, False),
        ("below_floor is no", None, False),
        ("department in D1, D2", "D2", True),
        ("department in D1, D2", "D", False),
        ("department = D1", "D1", True),
    ],
)
def test_conditions(text, value, answer):
    assert holds(condition(text), value) is answer


@pytest.mark.parametrize(
    "text", ["amount > many", "amount is yes", "below_floor > 1", "below_floor is maybe", "department > 3", "nothing = 1", "amount > NaN"]
)
def test_senseless_conditions_are_refused_in_words(text):
    assert problem_of(condition(text))


@pytest.mark.parametrize(("text", "document"), [("margin < 10", "receipt"), ("days > 3", "quote"), ("cash_amount > 3", "refund")])
def test_a_fact_that_cannot_be_known_of_a_document_is_refused(text, document):
    """The level would never be asked, in silence."""
    assert "cannot be known" in problem_of(condition(text), document) and not problem_of(condition(text))


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("lowest_discount < 85", Decimal("84.0000"), "Lowest discount (% paid) 84 % < 85 %"),
        ("amount > 200000", Decimal(260000), "Amount 260,000.00 > 200,000.00"),
        ("margin < 12", Decimal("11.5"), "Margin 11.5 % < 12 %"),
        ("below_floor is yes", True, "Below the owner's discount floor"),
        ("unchanged_from_quote is no", False, "Not as in an approved quote"),
        ("credit_excess > 0", Decimal("3852.4"), "Beyond the credit limit by 3,852.40"),
        ("days > 30", 31, "Days since dispatch 31 > 30"),
        ("department in D1,D2", "D1", "Department: D1"),
    ],
)
def test_reasons_are_sentences(text, value, words):
    assert sentence(told(condition(text), value)) == words


def test_every_default_condition_can_be_asked():
    asked = [(condition(text), code) for code, _labels, levels in CHAINS for _level, conditions in levels for text in conditions]
    assert asked and not [one.fact for one, code in asked if problem_of(one, code)]


def test_the_flow_of_a_document(company):
    assert route_of(make_quote(company)).process_title == "Quote approval"
