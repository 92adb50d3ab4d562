"""款到发货: goods leave only for money that is there, each yuan once. Bolts are at 1.20, ten of them 12.00."""

from decimal import Decimal

import pytest

from fixtures import drafts
from models.audit.changes import changes
from models.base.operations import Refusal
from models.customers.models import PaymentTerm
from models.finance.models import CashAccount, Credit, CustomerBalance, Receivable
from models.finance.operations import submit_receipt, void_receipt
from models.org.models import Company, Currency
from models.sales.models import Order
from models.sales.operations.deliveries import dispatch_delivery, reverse_delivery, sign_delivery
from models.sales.operations.orders import deliver_order
from models.stock.models import Balance
from tests import people as desk

pytestmark = [pytest.mark.django_db, pytest.mark.books, pytest.mark.req("DAY-09")]
D = Decimal
ORDER, DISPATCH, SIGNED = Company.ArisesAt.ORDER, Company.ArisesAt.DISPATCH, Company.ArisesAt.SIGNED


@pytest.fixture(params=[ORDER, DISPATCH, SIGNED])
def at(request):
    """Where debts arise."""
    return request.param


@pytest.fixture
def buyer(people, at):
    """KH0002 without a limit, paying before dispatch."""
    customer = desk.customer()
    with changes("command"):
        customer.credit_limit = None
        customer.payment_term = PaymentTerm.objects.get(code="KDFH")
        customer.save(update_fields=["credit_limit", "payment_term"])
        Company.objects.update(debt_arises=at)
    return desk.customer()


def order_of(buyer, quantity):
    return desk.make_order(buyer, [drafts.Item(desk.product(), D(quantity), price=D("1.20"))])


def with_us(buyer):
    return sum(Credit.objects.filter(customer=buyer.debtor).values_list("open", flat=True))


def owed(buyer):
    return CustomerBalance.objects.get(customer=buyer.debtor).balance


def refused(deed, *arguments, **named):
    with pytest.raises(Refusal) as refusal:
        deed(*arguments, **named)
    return refusal.value


def test_without_money_nothing_leaves(buyer):
    order = order_of(buyer, 10)
    there = Balance.objects.get(product=desk.product(), warehouse=order.warehouse).on_hand
    desk.receive(buyer.debtor, D("11.99"))
    refusal = refused(desk.deliver, order)
    assert refusal.code == "prepayment" and "11.99 has come in, 12.00 is needed" in str(refusal)
    assert Balance.objects.get(product=desk.product(), warehouse=order.warehouse).on_hand == there
    desk.receive(buyer.debtor, D("0.01"))
    dispatch_delivery(Order.objects.get(pk=order.pk).lines.get().delivery_lines.get().delivery, by=desk.named("zhuguan"))


def test_an_advance_lets_goods_out_once(buyer, at):
    """12.00 pay the first ten bolts; the next ten wait for money of their own."""
    desk.receive(buyer.debtor, D("12.00"))
    first, second = order_of(buyer, 10), order_of(buyer, 10)
    delivery = desk.deliver(first)
    assert with_us(buyer) == (D("12.00") if at == SIGNED else 0)
    assert refused(desk.deliver, second).code == "prepayment"
    sign_delivery(delivery, by=desk.named("zhuguan"))
    assert with_us(buyer) == 0
    assert {row.outstanding for row in Receivable.objects.filter(origin_id=first.pk)} == {0}


def test_an_order_that_is_paid_part_by_part_leaves_part_by_part(buyer):
    """Of 20 bolts (24.00) half is paid: ten leave, one more does not, until the rest is paid."""
    order = order_of(buyer, 20)
    desk.receive(buyer.debtor, D("12.00"))
    desk.deliver(order, {1: 10})
    order.refresh_from_db()
    waiting = desk.deliver(order, {1: 1}, dispatch=False)
    assert refused(dispatch_delivery, waiting, by=desk.named("zhuguan")).code == "prepayment"
    desk.receive(buyer.debtor, D("1.20"))
    dispatch_delivery(waiting, by=desk.named("zhuguan"))
    order.refresh_from_db()
    desk.receive(buyer.debtor, D("10.80"))
    desk.deliver(order)
    assert Order.objects.get(pk=order.pk).progress == Order.Progress.DELIVERED


def test_orders_on_one_slip_need_the_money_for_both(buyer):
    first, second = order_of(buyer, 10), order_of(buyer, 10)
    desk.receive(buyer.debtor, D("23.99"))
    delivery = deliver_order(first, by=desk.seller_of(first), others=[second])
    assert refused(dispatch_delivery, delivery, by=desk.named("zhuguan")).code == "prepayment"
    desk.receive(buyer.debtor, D("0.01"))
    dispatch_delivery(delivery, by=desk.named("zhuguan"))


def test_money_in_another_currency_does_not_count(buyer):
    cashier = desk.named("chuna")
    receipt = drafts.draft_receipt(buyer.debtor, D("100.00"), by=cashier)
    with changes("form"):
        receipt.currency, receipt.rate = Currency.objects.get_or_create(code="USD", defaults={"name": "US dollar"})[0], D("7.1")
        receipt.account = CashAccount.objects.create(company=buyer.company, code="USD", name="Dollars", currency=receipt.currency)
        receipt.save()
    desk.approve(submit_receipt(receipt, by=cashier))
    assert refused(desk.deliver, order_of(buyer, 10)).code == "prepayment"


def test_a_reversed_delivery_gives_the_advance_back(buyer):
    receipt = desk.receive(buyer.debtor, D("12.00"))
    order = order_of(buyer, 10)
    delivery = desk.deliver(order)
    reverse_delivery(delivery, by=desk.named("zhuguan"), reason="wrong truck")
    assert with_us(buyer) == D("12.00")
    delivery = desk.deliver(Order.objects.get(pk=order.pk))
    void_receipt(receipt, by=desk.named("quyu"), reason="bounced")
    reverse_delivery(delivery, by=desk.named("zhuguan"), reason="not paid")
    assert with_us(buyer) == 0


def test_the_goods_of_a_return_are_paid_for_anew(buyer):
    """12.00 paid ten of twenty bolts; they come back and the money is paid back: the other ten need 12.00 again."""
    order = order_of(buyer, 20)
    desk.receive(buyer.debtor, D("12.00"))
    delivery = desk.deliver(order, {1: 10})
    desk.take_back(delivery, {1: 10})
    if money := with_us(buyer):
        desk.pay_back(buyer.debtor, money)
    order.refresh_from_db()
    if order.debt_arises == ORDER:  # 12.00 of the 24.00 were paid and are still the order's: what came back was taken off the rest
        desk.deliver(order)
        assert owed(buyer) == 0
    else:
        assert refused(desk.deliver, order).code == "prepayment"


@pytest.mark.parametrize("at", [ORDER], indirect=True)
def test_an_order_that_is_paid_in_full_leaves(buyer):
    order = order_of(buyer, 10)
    desk.receive(buyer.debtor, D("12.00"), list(Receivable.objects.filter(origin_id=order.pk)))
    assert with_us(buyer) == 0
    desk.deliver(order)
    assert owed(buyer) == 0
