"""The main job in scenarios a clerk could check with paper and pencil.

QH0001 is a bolt at 1.20; the customers' payment terms are those of the demo company. Prices include 13 % tax.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from fixtures import drafts
from models.base.documents import Approval, business_today
from models.base.operations import Refusal
from models.finance.credit import credit_status
from models.finance.models import CashEntry, Credit, CreditOverride, CustomerBalance, CustomerEntry, Receivable
from models.finance.operations import allocate_receipt, void_receipt, void_refund
from models.sales.facts import OfferFacts
from models.sales.models import Delivery, Order, SalesFigure
from models.sales.operations.deliveries import dispatch_delivery, reverse_delivery
from models.sales.operations.orders import close_order, deliver_order, override_credit_order, submit_order, unverify_order, void_order
from models.stock.models import Balance, Movement
from tests import people as desk
from tests.house.test_screen_rights import link
from tests.house.test_screen_writing import quote_form

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal


@pytest.fixture
def buyer(people):
    """KH0002 with a limit of 5,000; it owes nothing yet."""
    from models.audit.changes import changes

    customer = desk.customer()
    customer.credit_limit = D(5000)
    with changes("command"):
        customer.save(update_fields=["credit_limit"])
    return customer


def order_of(buyer, *rows, **values):
    """An approved order: rows are (product code, quantity, price)."""
    items = [drafts.Item(desk.product(code), D(quantity), price=D(price)) for code, quantity, price in rows]
    return desk.make_order(buyer, items, **values)


def owed(customer):
    row = CustomerBalance.objects.filter(customer=customer.debtor).first()
    return row.balance if row else D(0)


def open_receivables(customer):
    return list(Receivable.objects.filter(customer=customer.debtor).order_by("due_on", "pk"))


def balance(order, code="QH0001"):
    return Balance.objects.get(product__code=code, warehouse=order.warehouse)


@pytest.mark.req("DAY-02")
def test_freight_is_a_line(buyer):
    """10 bolts at 1.20 and freight of 50.00 make 62.00; both are delivered and owed, only the bolts leave the stock."""
    order = order_of(buyer, ("QH0001", 10, "1.20"), ("QH0081", 1, "50.00"))
    before = balance(order).on_hand
    assert order.gross == D("62.00")
    delivery = desk.deliver(order)
    assert (delivery.gross, owed(buyer), balance(order).on_hand) == (D("62.00"), D("62.00"), before - 10)
    assert [one.product.code for one in Movement.objects.filter(source_id=delivery.pk, kind=Movement.Kind.SALE)] == ["QH0001"]


@pytest.mark.req("DAY-02")
def test_a_gift_costs_the_buyer_nothing_and_the_house_its_cost(buyer, client):
    """100 bolts at 1.20 and 10 for nothing: 120.00 are owed, 110 leave for 110 × 0.7176 = 78.94, and the margin counts them all.

    (106.19 net − 78.936) / 106.19 = 25.67 %; without the gift it would be 32.42 %.
    """
    desk.stock_up(desk.product())
    form = quote_form(buyer, [("QH0001", "100"), ("QH0001", "10")])
    form |= {f"lines-{number}-{name}": text for number in (0, 1) for name, text in (("price", "1.20"), ("price_source", "manual"))}
    desk.login(client, "zong")
    assert client.post(link(Order, "add"), form | {"lines-1-is_gift": "on"}).status_code == 302
    order = Order.objects.get()
    assert [(line.is_gift, line.gross, line.cost) for line in order.lines.all()] == [
        (False, D("120.00"), D("0.7176")),
        (True, 0, D("0.7176")),
    ]
    assert (order.gross, OfferFacts(order).margin) == (D("120.00"), D("25.6653"))
    order = desk.approve(submit_order(order, by=desk.named("zong")))
    there = balance(order)
    desk.deliver(order)
    left = balance(order)
    assert (there.on_hand - left.on_hand, there.value - left.value, owed(buyer)) == (110, D("78.94"), D("120.00"))


@pytest.mark.req("SHP-01", "FIN-01", "STK-12")
def test_partial_delivery(buyer):
    """100 bolts at 1.20 = 120.00 are ordered; 30 go out (36.00), then 70 (84.00)."""
    order = order_of(buyer, ("QH0001", 100, "1.20"))
    before = balance(order)
    assert (order.gross, order.net, order.tax) == (D("120.00"), D("106.19"), D("13.81"))  # 120 × 13 / 113 = 13.805…
    assert order.lines.get().reserved == 100
    assert credit_status(buyer.debtor, order.company_id).ordered == D("120.00")

    first = desk.deliver(order, {1: 30})
    order.refresh_from_db()
    assert (first.gross, order.progress) == (D("36.00"), Order.Progress.PARTLY_DELIVERED)
    assert [(r.amount, r.outstanding) for r in open_receivables(buyer)] == [(D("36.00"), D("36.00"))]
    assert (balance(order).on_hand, balance(order).reserved) == (before.on_hand - 30, before.reserved - 30)
    assert owed(buyer) == D("36.00")
    assert credit_status(buyer.debtor, order.company_id).ordered == D("84.00")

    second = desk.deliver(order)
    order.refresh_from_db()
    assert (second.gross, order.progress) == (D("84.00"), Order.Progress.DELIVERED)
    assert owed(buyer) == D("120.00")
    assert balance(order).on_hand == before.on_hand - 100
    assert credit_status(buyer.debtor, order.company_id).ordered == 0


@pytest.mark.req("SHP-01")
def test_more_than_ordered_cannot_leave(buyer):
    order = order_of(buyer, ("QH0001", 10, "1.20"))
    with pytest.raises(Refusal) as refusal:
        desk.deliver(order, {1: 11})
    assert refusal.value.code == "over_quantity"
    desk.deliver(order)
    with pytest.raises(Refusal):
        deliver_order(order, by=desk.seller_of(order))
    assert Delivery.of_order(order).count() == 1


def test_a_delivery_leaves_once(buyer):
    order = order_of(buyer, ("QH0001", 10, "1.20"))
    delivery = desk.deliver(order)
    with pytest.raises(Refusal) as refusal:
        dispatch_delivery(delivery, by=desk.named("zhuguan"))
    assert refusal.value.code == "wrong_state"
    assert Movement.objects.filter(source_type__model="delivery", source_id=delivery.pk).count() == 1
    assert owed(buyer) == D("12.00")


@pytest.mark.req("SHP-06")
def test_partial_return(buyer):
    """Of 30 bolts (36.00) 10 come back: 12.00; the debt falls to 24.00."""
    order = order_of(buyer, ("QH0001", 30, "1.20"))
    there = balance(order).on_hand
    delivery = desk.deliver(order)
    document = desk.take_back(delivery, {1: 10})
    assert document.gross == D("12.00")
    receivable = open_receivables(buyer)[0]
    assert (receivable.amount, receivable.returned, receivable.outstanding) == (D("36.00"), D("12.00"), D("24.00"))
    assert owed(buyer) == D("24.00")
    assert balance(order).on_hand == there - 20
    assert order.lines.get().returned == 10
    with pytest.raises(Refusal) as refusal:
        desk.take_back(delivery, {1: 21})
    assert refusal.value.code == "over_quantity"
    assert owed(buyer) == D("24.00")


@pytest.mark.req("FIN-16")
def test_return_after_payment_and_refund(buyer):
    """36.00 are paid; 12.00 worth comes back: 12.00 stand for the customer and are paid back."""
    delivery = desk.deliver(order_of(buyer, ("QH0001", 30, "1.20")))
    desk.receive(buyer.debtor, D("36.00"), open_receivables(buyer))
    assert owed(buyer) == 0
    desk.take_back(delivery, {1: 10})
    assert owed(buyer) == D("-12.00")
    assert list(Credit.objects.filter(customer=buyer.debtor, open__gt=0).values_list("open", flat=True)) == [D("12.00")]
    refund = desk.pay_back(buyer.debtor, D("12.00"))
    assert owed(buyer) == 0
    assert not Credit.objects.filter(customer=buyer.debtor, open__gt=0).exists()
    with pytest.raises(Refusal) as refusal:
        desk.pay_back(buyer.debtor, D("0.01"))
    assert refusal.value.code == "over_refund"

    void_refund(refund, by=desk.named("quyu"), reason="typed twice")
    assert owed(buyer) == D("-12.00")
    assert list(Credit.objects.filter(customer=buyer.debtor, open__gt=0).values_list("open", flat=True)) == [D("12.00")]
    assert sum(CashEntry.objects.filter(customer=buyer.debtor).values_list("amount", flat=True)) == D("36.00")


@pytest.mark.req("FIN-16")
def test_over_receipt(buyer):
    """50.00 come in for a debt of 36.00: 14.00 stay as an advance; no line may take more than is outstanding."""
    desk.deliver(order_of(buyer, ("QH0001", 30, "1.20")))
    receivable = open_receivables(buyer)[0]
    with pytest.raises(Refusal) as refusal:
        desk.receive(buyer.debtor, D("50.00"), [(receivable, D("36.01"))])
    assert refusal.value.code == "over_allocation"
    desk.receive(buyer.debtor, D("50.00"), [receivable])
    assert open_receivables(buyer)[0].outstanding == 0
    assert Credit.objects.get(customer=buyer.debtor).open == D("14.00")
    assert owed(buyer) == D("-14.00")


@pytest.mark.req("FIN-16")
def test_advance_receipt_allocated_later(buyer):
    """100.00 come in before anything was delivered; 36.00 of them pay the first delivery, 64.00 stay."""
    receipt = desk.receive(buyer.debtor, D("100.00"))
    assert (owed(buyer), Credit.objects.get(customer=buyer.debtor).open) == (D("-100.00"), D("100.00"))
    accountant = desk.named("kuaiji")
    with pytest.raises(Refusal) as refusal:
        allocate_receipt(receipt, by=accountant)
    assert refusal.value.code == "nothing"
    desk.deliver(order_of(buyer, ("QH0001", 30, "1.20")))
    allocate_receipt(receipt, by=accountant)
    assert open_receivables(buyer)[0].outstanding == 0
    assert Credit.objects.get(customer=buyer.debtor).open == D("64.00")
    assert owed(buyer) == D("-64.00")


@pytest.mark.req("FIN-06")
def test_a_voided_receipt_leaves_the_books_as_before(buyer):
    desk.deliver(order_of(buyer, ("QH0001", 30, "1.20")))
    receipt = desk.receive(buyer.debtor, D("50.00"), open_receivables(buyer))
    void_receipt(receipt, by=desk.named("quyu"), reason="bounced")
    assert open_receivables(buyer)[0].outstanding == D("36.00")
    assert owed(buyer) == D("36.00")
    assert Credit.objects.get(customer=buyer.debtor).open == 0
    assert sum(CashEntry.objects.filter(customer=buyer.debtor).values_list("amount", flat=True)) == 0


@pytest.mark.req("CRD-01", "CRD-04")
def test_credit_limit_exceeded_and_overridden(buyer, people):
    """A limit of 5,000: 4,800 are ordered; 240 more are too much by 40 until somebody with the right lets them pass."""
    order_of(buyer, ("QH0001", 4000, "1.20"))
    second = desk.make_order(buyer, [drafts.Item(desk.product(), D(200), price=D("1.20"))], approved=False)
    assert second.approval == Approval.PENDING  # the chain sends it to the financial manager
    status = credit_status(buyer.debtor, second.company_id, extra=second.base_gross)
    assert (status.exposure, status.excess) == (D("5040.00"), D("40.00"))
    with pytest.raises(Refusal) as refusal:
        override_credit_order(second, by=desk.seller_of(second), reason="please")
    assert refusal.value.code == "no_right"
    override_credit_order(second, by=people.finance_manager, reason="old customer")
    desk.approve(second)
    second.refresh_from_db()
    assert second.approval == Approval.APPROVED
    override = CreditOverride.objects.get(source_id=second.pk)
    assert (override.excess, override.reason, override.granted_by) == (D("40.00"), "old customer", people.finance_manager.employee)
    desk.deliver(second)
    assert owed(buyer) == D("240.00")


@pytest.mark.req("CRD-04")
def test_overdue_debt_stops_the_next_dispatch(buyer, people):
    from models.audit.changes import changes

    first = order_of(buyer, ("QH0001", 10, "1.20"))
    second = order_of(buyer, ("QH0001", 20, "1.20"))
    desk.deliver(first)
    late = open_receivables(buyer)[0]
    with changes("form"):
        late.due_on = business_today() - timedelta(days=3)
        late.save(update_fields=["due_on"])
    there = balance(second)
    with pytest.raises(Refusal) as refusal:
        desk.deliver(second)
    assert refusal.value.code == "credit"
    assert "12.00" in str(refusal.value) and "3" in str(refusal.value)
    assert (balance(second).on_hand, balance(second).reserved, owed(buyer)) == (there.on_hand, there.reserved, D("12.00"))
    override_credit_order(second, by=people.finance_manager, reason="pays tomorrow")
    delivery = Delivery.of_order(second).get()
    dispatch_delivery(delivery, by=desk.named("zhuguan"))
    assert owed(buyer) == D("36.00")


@pytest.mark.req("ORD-03")
def test_taking_an_approval_back(buyer):
    """An order with nothing after it is a draft again, its number stays; with a delivery it is refused."""
    order = order_of(buyer, ("QH0001", 100, "1.20"))
    number, reserved = order.number, balance(order).reserved
    boss = desk.named("zhuguan")
    unverify_order(order, by=boss, reason="wrong price")
    assert (order.approval, order.number) == (Approval.DRAFT, number)
    assert balance(order).reserved == reserved - 100
    assert credit_status(buyer.debtor, order.company_id).ordered == 0
    assert sum(SalesFigure.objects.filter(dimension="month", owner=order.owner).values_list("gross", flat=True)) == 0
    other = order_of(buyer, ("QH0001", 100, "1.20"))
    desk.deliver(other, {1: 1})
    with pytest.raises(Refusal) as refusal:
        void_order(other, by=boss, reason="late")
    assert refusal.value.code == "delivered"


def test_a_reversed_delivery_restores_stock_debt_and_order(buyer):
    order = order_of(buyer, ("QH0001", 100, "1.20"))
    before = balance(order)
    delivery = desk.deliver(order, {1: 40})
    reverse_delivery(delivery, by=desk.named("zhuguan"), reason="wrong truck")
    order.refresh_from_db()
    after = balance(order)
    assert (after.on_hand, after.reserved, after.value) == (before.on_hand, before.reserved, before.value)
    assert (owed(buyer), order.progress) == (0, Order.Progress.NOT_DELIVERED)
    assert sum(CustomerEntry.objects.filter(customer=buyer.debtor).values_list("amount", flat=True)) == 0
    assert desk.deliver(order).gross == D("120.00")


def test_closing_an_order_frees_what_is_left(buyer):
    order = order_of(buyer, ("QH0001", 100, "1.20"))
    free = balance(order).available
    desk.deliver(order, {1: 25})
    close_order(order, by=desk.seller_of(order), reason="customer has enough")
    assert (order.progress, balance(order).available) == (Order.Progress.CLOSED, free + 75)
    assert credit_status(buyer.debtor, order.company_id).ordered == 0


@pytest.mark.req("FIN-01")
def test_two_orders_on_one_delivery_slip(buyer):
    """10 and 20 bolts of two orders leave together: 12.00 + 24.00, each a debt of its own order."""
    first, second = (order_of(buyer, ("QH0001", quantity, "1.20")) for quantity in (10, 20))
    delivery = deliver_order(first, by=desk.seller_of(first), others=[second])
    dispatch_delivery(delivery, by=desk.named("zhuguan"))
    assert delivery.gross == D("36.00")
    assert {(r.origin_number, r.amount) for r in open_receivables(buyer)} == {(first.number, D("12.00")), (second.number, D("24.00"))}
    for order in (first, second):
        order.refresh_from_db()
        assert order.progress == Order.Progress.DELIVERED


@pytest.mark.req("DAY-02")
def test_document_discount_and_allowance_are_spread(buyer):
    """270.00 + 23.33 = 293.33; × 95 % = 278.66; − 0.50 = 278.16: the larger line bears 13.96, the smaller 1.21."""
    rows = [drafts.Item(desk.product("QH0001"), D(300), price=D("0.90")), drafts.Item(desk.product("QH0002"), D(7), price=D("3.333333"))]
    order = desk.make_order(buyer, rows, discount=D(95), allowance=D("0.50"))
    assert [line.amount for line in order.lines.all()] == [D("270.00"), D("23.33")]
    assert [line.gross for line in order.lines.all()] == [D("256.04"), D("22.12")]
    assert order.gross == D("278.16")
    assert desk.deliver(order).gross == D("278.16")
