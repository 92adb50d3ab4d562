"""The smallest company, customer and order that the database accepts. For tests of the house; tests of areas use the operations."""

from models.audit.changes import changes
from models.customers.models import Customer
from models.org.models import Company, Currency
from models.products.models import Product, Unit
from models.sales.models import Order, OrderLine


def make_company(code="C1"):
    with changes("command"):
        Currency.objects.get_or_create(code="CNY", defaults={"name": "Yuan"})
        return Company.objects.get_or_create(code=code, defaults={"name": f"Company {code}"})[0]


def make_unit(name="piece"):
    with changes("command"):
        return Unit.objects.create(name=name)


def make_order(lines=1, **fields):
    """A draft order with lines, each of its own quantity 1, 2, 3 …"""
    company = make_company()
    with changes("form", reason="sample order"):
        unit = Unit.objects.get_or_create(name="box")[0]
        product = Product.objects.get_or_create(company=company, code="P1", defaults={"name": "Paper", "unit": unit})[0]
        customer = Customer.objects.get_or_create(company=company, code="K1", defaults={"name": "Kind Ltd"})[0]
        order = Order.objects.create(company=company, customer=customer, **fields)
        for position in range(1, lines + 1):
            OrderLine.objects.create(order=order, product=product, unit="box", quantity=position, position=position)
    return order
