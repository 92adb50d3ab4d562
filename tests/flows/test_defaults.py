"""The chains that ship, walked by the people of the demo company.

周启明 (zong) is general manager; 钱国梁 (quyu) regional director and finance manager; 孙立新 (zhuguan) supervisor of 李晓波, 吴佳宁 and
郑海涛; 褚慧敏 is the accountant, 卫小红 the cashier.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from fixtures import drafts
from fixtures.deciding import agree, decide_next
from flows.defaults import CHAINS, ensure_default_chains
from flows.models import ApprovalChain
from flows.route import open_process, processes_of
from models.audit.changes import changes
from models.base.documents import business_today
from models.customers.models import PaymentTerm
from models.finance.models import CashAccount, Credit, CreditOverride
from models.finance.operations import submit_refund
from models.sales.operations.deliveries import return_delivery
from models.sales.operations.orders import submit_order
from models.sales.operations.quotes import order_quote, submit_quote
from models.sales.operations.returns import submit_return
from tests import people as make

pytestmark = [pytest.mark.books, pytest.mark.django_db]

SUPERVISOR, DIRECTOR, GENERAL_MANAGER, ACCOUNTANT = "zhuguan", "quyu", "zong", "kuaiji"
FINANCE_MANAGER = DIRECTOR  # the same person holds both


def route(document):
    """Let everybody agree; the user names in order. The document is approved then."""
    names = [user.username for user in agree(document)]
    assert document.approval == "approved"
    return names


@pytest.fixture
def buyer(people):
    """A customer of 吴佳宁 who may buy on credit without end, at list prices."""
    customer = make.customer()
    with changes("form"):
        customer.credit_limit = None
        customer.save()
    return customer


def item(total, *, paid=100, cost=50):
    """One line of a product worth `total` at `paid` percent of its list price; `cost` in percent of the net amount."""
    product = make.product()
    return drafts.Item(product, Decimal(1), discount=Decimal(paid), price=Decimal(total) * 100 / Decimal(paid))


def with_margin(document, percent=50):
    """Let the lines have cost so much that the margin is `percent`, and a list price equal to their price."""
    with changes("form"):
        for line in document.lines.all():
            line.list_price = line.price
            line.cost = line.net * (100 - Decimal(percent)) / 100 / line.base_quantity
            line.save()
    return document


def quote(buyer, total, *, paid=100, margin=50):
    document = drafts.draft_quote(buyer, [item(total, paid=paid)], by=make.seller_of(buyer))
    return submit_quote(with_margin(document, margin), by=make.seller_of(buyer))


def order(buyer, total, *, by=None, term=None):
    by = by or make.seller_of(buyer)
    document = drafts.draft_order(buyer, [item(total)], by=by)
    if term is not None:
        with changes("form"):
            document.payment_term = term
            document.save()
    make.stock_up(make.product())
    return submit_order(with_margin(document), by=by)


def test_they_ship_and_are_made_once(people):
    assert set(ApprovalChain.objects.values_list("code", flat=True)) == {f"{code}-default" for code, _labels, _levels in CHAINS}
    assert ensure_default_chains() == 0


@pytest.mark.parametrize(
    ("total", "paid", "margin", "asked"),
    [
        (50000, 100, 50, []),
        (50000, 95, 12, []),
        ("50000.01", 100, 50, [SUPERVISOR]),
        (1000, "94.9", 50, [SUPERVISOR]),
        (1000, 100, "11.9", [SUPERVISOR]),
        (200000, 90, 50, [SUPERVISOR]),
        ("200000.01", 100, 50, [SUPERVISOR, DIRECTOR]),
        (1000, "89.9", 50, [SUPERVISOR, DIRECTOR]),
        (1000, "84.9", 50, [SUPERVISOR, DIRECTOR, GENERAL_MANAGER]),
        (1000, 100, "7.9", [SUPERVISOR, GENERAL_MANAGER]),
        ("500000.01", 100, 50, [SUPERVISOR, DIRECTOR, GENERAL_MANAGER]),
    ],
)
def test_quotes(buyer, total, paid, margin, asked):
    assert route(quote(buyer, total, paid=paid, margin=margin)) == asked


def test_an_order_as_quoted_needs_nobody(buyer):
    make.stock_up(make.product())
    by = make.seller_of(buyer)
    document = submit_order(order_quote(quote(buyer, 40000), by=by), by=by)
    assert (document.approval, processes_of(document).get().outcome) == ("approved", "no_rule")


@pytest.mark.parametrize(
    ("total", "asked"),
    [
        (1000, [SUPERVISOR]),
        (100000, [SUPERVISOR]),
        ("100000.01", [SUPERVISOR, DIRECTOR]),
        ("300000.01", [SUPERVISOR, DIRECTOR, GENERAL_MANAGER]),
    ],
)
def test_orders_without_a_quote(buyer, total, asked):
    assert route(order(buyer, total)) == asked


def limited(buyer, limit):
    with changes("form"):
        buyer.credit_limit = Decimal(limit)
        buyer.save()


@pytest.mark.req("CRD-01", "CRD-04")
def test_an_order_beyond_the_limit_goes_to_the_finance_manager_whose_word_lets_it_pass(buyer):
    limited(buyer, 1000)
    document = order(buyer, 1100)
    assert route(document) == [SUPERVISOR, FINANCE_MANAGER]
    override = CreditOverride.objects.get(source_id=document.pk)
    assert (override.granted_by.user.username, override.excess) == (FINANCE_MANAGER, Decimal(100))


def test_an_order_beyond_the_limit_by_more_than_a_fifth_goes_on_to_the_general_manager(buyer):
    limited(buyer, 1000)
    assert route(order(buyer, 1201)) == [SUPERVISOR, FINANCE_MANAGER, GENERAL_MANAGER]


def test_a_large_order_beyond_the_limit_is_asked_of_the_same_person_once(buyer):
    """He is regional director at one level and finance manager at the next."""
    limited(buyer, 100000)
    document = order(buyer, 110000)
    assert route(document) == [SUPERVISOR, DIRECTOR]
    assert [event.kind for event in processes_of(document).get().events.all()] == ["skipped"]
    assert CreditOverride.objects.get(source_id=document.pk).granted_by.user.username == FINANCE_MANAGER


def test_changed_terms_go_to_the_finance_manager(buyer):
    other = PaymentTerm.objects.exclude(pk=buyer.payment_term_id).first()
    assert route(order(buyer, 1000, term=other)) == [SUPERVISOR, FINANCE_MANAGER]


@pytest.mark.parametrize(
    ("amount", "kind", "asked"),
    [(500, "bank", [ACCOUNTANT]), (10000, "cash", [ACCOUNTANT]), (10001, "cash", [ACCOUNTANT, FINANCE_MANAGER])],
)
def test_receipts(buyer, amount, kind, asked):
    account = CashAccount.objects.filter(kind=kind, company=buyer.company).first()
    receipt = make.receive(buyer, Decimal(amount), approved=False, account=account)
    assert route(receipt) == asked


def test_a_receipt_of_the_accountant_is_not_approved_by_her(buyer):
    """Nobody else who can log in holds her role, so her superior decides."""
    assert route(make.receive(buyer, Decimal(500), by=make.named(ACCOUNTANT), approved=False)) == [FINANCE_MANAGER]


@pytest.mark.parametrize(
    ("amount", "asked"), [(10000, [ACCOUNTANT, FINANCE_MANAGER]), ("10000.01", [ACCOUNTANT, FINANCE_MANAGER, GENERAL_MANAGER])]
)
def test_refunds(buyer, amount, asked):
    agree(make.receive(buyer, Decimal(20000), approved=False))
    assert Credit.objects.filter(customer=buyer, open__gt=0).exists()
    by = make.named("chuna")
    refund = drafts.draft_refund(buyer, Decimal(amount), by=by)
    assert route(submit_refund(refund, by=by)) == asked


@pytest.mark.parametrize(
    ("total", "days", "asked"), [(20000, 30, [SUPERVISOR]), (20001, 1, [SUPERVISOR, DIRECTOR]), (100, 31, [SUPERVISOR, DIRECTOR])]
)
@pytest.mark.req("SHP-04")
def test_returns(buyer, total, days, asked):
    document = order(buyer, total)
    agree(document)
    sent = business_today() - timedelta(days=days)
    delivery = make.deliver(document, date=sent)
    by = make.seller_of(buyer)
    back = return_delivery(delivery, by=by)
    assert route(submit_return(back, by=by)) == asked


def test_the_supervisors_own_quote_goes_to_his_superior_and_to_him_once(people):
    buyer = make.customer()
    with changes("form"):
        buyer.owner = make.named(SUPERVISOR).employee
        buyer.credit_limit = None
        buyer.save()
    assert route(quote(buyer, 300000)) == [DIRECTOR]


def test_the_top_persons_own_quote_goes_to_the_finance_manager(people):
    buyer = make.customer()
    with changes("form"):
        buyer.owner = make.named(GENERAL_MANAGER).employee
        buyer.save()
    document = quote(buyer, 600000)
    assert route(document) == [FINANCE_MANAGER]


def test_what_the_assistant_enters_goes_to_the_salespersons_superior(buyer):
    document = order(buyer, 1000, by=make.named("neiqin"))
    assert decide_next(document).username == SUPERVISOR


def test_the_frozen_route_reads_in_three_languages(buyer):
    document = quote(buyer, 60000)
    labels = open_process(document).levels[0]["labels"]
    assert labels == {"en": "Sales supervisor", "zh-hans": "销售主管", "zh-hant": "銷售主管"}
