"""Goods that leave only when they are paid for (款到发货): is the money there, and its use."""

from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _t

from models.base.operations import Refusal
from models.finance import credit, debts
from models.finance.advances import open_credits, use_credits
from models.finance.posting import locked_balance
from models.org.models import Company
from models.sales.models import Order
from models.sales.querysets import unsigned_amount


def is_prepaid(order):
    """True where the goods of the order leave only when they are paid for."""
    return bool(order.payment_term_id) and order.payment_term.requires_prepayment


class Prepayment:
    """The money of one customer for the goods of a prepaid order that are about to leave for `gross`.

    Locks the customer's balance and his open credits, so that no advance lets goods out twice. `lines`: the order's lines with
    these goods counted as delivered; `beside`: what earlier orders on the same delivery will take of the money later.
    """

    def __init__(self, order, gross, lines, beside=Decimal(0)):
        self.order = order
        locked_balance(order.company_id, order.debtor_id)
        self.credits = open_credits(order.debtor_id, order.company_id, order.currency_id)
        self.needed = max(Decimal(0), self._unpaid() + self._uncharged(gross, lines))
        self.promised = on_the_way(order) + beside

    def _unpaid(self):
        return debts.charged(self.order).aggregate(total=Sum("outstanding"))["total"] or Decimal(0)

    def _uncharged(self, gross, lines):
        """What leaves now and was not charged before; less what is charged already and stays."""
        if self.order.debt_arises == Company.ArisesAt.ORDER:
            return sum((line.delivered_gross for line in lines), Decimal(0)) - self.order.gross
        return gross

    def check(self):
        """Refuse where the money is not there, unless somebody with the right let the order pass."""
        there = sum((one.open for one in self.credits), Decimal(0)) - self.promised
        if not self.needed or there >= self.needed:
            return
        if credit.is_overridden(self.order, credit.credit_status(self.order.debtor, self.order.company_id)):
            return
        raise Refusal(
            _t("%(customer)s pays before dispatch: %(advance)s has come in, %(gross)s is needed.")
            % {"customer": self.order.debtor.title(), "advance": f"{max(there, Decimal(0)):,.2f}", "gross": f"{self.needed:,.2f}"},
            code="prepayment",
            help=_t("Approve the receipt first."),
        )

    def use(self, delivery, date):
        """Allocate the money to what the order owes by now; where the debt arises later, it is allocated then."""
        use_credits(delivery, self.credits, debts.charged(self.order), self.needed, date=date)


def on_the_way(order):
    """What the customer got of prepaid orders in this currency and is not charged for before he signs."""
    orders = Order.objects.filter(debtor_id=order.debtor_id, company_id=order.company_id, currency_id=order.currency_id)
    return unsigned_amount(orders.filter(debt_arises=Company.ArisesAt.SIGNED, payment_term__requires_prepayment=True))


def settle_signed(delivery, order, date):
    """Use the customer's advance for what he was charged with his signature."""
    locked_balance(order.company_id, order.debtor_id)
    credits = open_credits(order.debtor_id, order.company_id, order.currency_id)
    rows = debts.charged(order, delivery)
    use_credits(delivery, credits, rows, rows.aggregate(total=Sum("outstanding"))["total"] or Decimal(0), date=date)
