"""A shop in which crowds sell: the demo company, whose customers may all buy on credit and whose orders take effect at once."""

from decimal import Decimal

from flows.models import ApprovalChain
from models.audit.changes import changes
from models.base.documents import business_today
from models.base.operations import Refusal
from models.customers.models import Customer, PaymentTerm
from models.products.models import Product
from models.stock.models import Warehouse
from tests import people

MAIN = "CK01"


def open_shop(*, on_hand=(), asks=False):
    """Load the company. `on_hand`: [(product code, quantity)] in the main warehouse. Without `asks` nobody has to approve anything."""
    people.load()
    with changes("command", reason="test"):
        Customer.objects.update(credit_limit=None, payment_term=PaymentTerm.objects.get(code="YJ30"))
        if not asks:
            ApprovalChain.objects.update(is_active=False)
    arrive(on_hand)


def arrive(goods):
    """Goods come into the main warehouse: [(product code, quantity)]."""
    from fixtures.opening import open_stock

    if goods:
        quantities = {people.product(code): Decimal(quantity) for code, quantity in goods}
        open_stock(warehouse(), quantities, on=business_today(), by=people.named("zhuguan"))


def warehouse():
    return Warehouse.objects.get(code=MAIN)


def goods(count):
    """The codes of the first goods that can be stocked."""
    return list(Product.objects.filter(kind=Product.Kind.GOODS, is_active=True).order_by("code").values_list("code", flat=True)[:count])


def buyers():
    """The customers of the head office that a salesperson owns, in one order."""
    return list(Customer.objects.filter(company__code="HZ", owner__user__isnull=False).order_by("code").values_list("code", flat=True))


def tried(deed, *arguments, **named):
    """["done", the result's key], ["nothing"] or ["refused", code, sentence]; any other exception is the writer's failure."""
    try:
        result = deed(*arguments, **named)
    except Refusal as refusal:
        return ["refused", refusal.code, str(refusal)]
    return ["nothing"] if result is None else ["done", result.pk]
