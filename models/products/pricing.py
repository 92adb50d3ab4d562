"""One price per line, with the rule that gave it: customer's list, then the price level's, then everybody's, then the standard price.

Standard and floor prices are kept in the company's currency; in a document of another one they are worth what the day's rate says.
"""

from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from models.base.money import round_half_up
from models.org.models import Company
from models.org.rates import rate_between
from models.products.models import PriceList, PriceListItem, ProductUnit


class Price(NamedTuple):
    """Per unit of the line: the price, the list price that discounts are measured by (what the customer's own list says: a price
    level is no discount anybody gives), the rule in words, the floor (None: no floor), the unit's factor. Where no rule gives a price
    in the currency, the price is None and the list price 0.
    """

    price: Decimal | None
    list_price: Decimal
    rule: str
    floor: Decimal | None
    factor: Decimal


def unit_factors(products):
    """{(product id, unit name): ProductUnit}. One query."""
    return {(row.product_id, row.unit.name): row for row in ProductUnit.objects.filter(product__in=products).select_related("unit")}


def price_lines(customer, currency, date, items):
    """Prices of `items` [(product, unit name, quantity)] for a customer on a date; a fixed number of queries for any number of lines.

    Within a list the row for the product beats the row for all, and the highest quantity step reached beats the lower ones.
    A unit the product does not have is priced as its base unit.
    """
    products = {product.pk for product, _unit, _quantity in items}
    further = unit_factors(products)
    worth = own_currency_worth({product.company_id for product, _unit, _quantity in items}, currency, date)
    lists = _lists(customer, currency, date)
    steps = {}
    for row in PriceListItem.objects.filter(Q(product__in=products) | Q(product=None), price_list__in=lists).select_related("unit"):
        steps.setdefault(row.price_list_id, []).append(row)
    return [
        _price(product, further.get((product.pk, unit)), unit, quantity, lists, steps, worth[product.company_id])
        for product, unit, quantity in items
    ]


def own_currency_worth(company_ids, currency, date):
    """{company id: what one of its own currency is worth in `currency` on that day, or None where no rate is stored}."""
    own = dict(Company.objects.filter(pk__in=company_ids).values_list("pk", "currency"))
    rates = {code: rate_between(currency, code, date) for code in set(own.values())}
    return {key: 1 / rates[code] if rates[code] else None for key, code in own.items()}


def _lists(customer, currency, date):
    audience = Q(customer=None, price_level=None)
    if customer is not None:
        audience |= Q(customer=customer)
        if customer.price_level_id:
            audience |= Q(price_level=customer.price_level_id)
    found = PriceList.objects.filter(
        audience,
        Q(valid_from=None) | Q(valid_from__lte=date),
        Q(valid_to=None) | Q(valid_to__gte=date),
        is_active=True,
        currency=currency,
    )
    return sorted(found, key=lambda one: (one.customer_id is None, one.price_level_id is None, one.code))


def _price(product, further, unit, quantity, lists, steps, worth):
    factor = further.factor if further else Decimal(1)
    standard = further.price if further and further.price is not None else product.price * factor
    standard = standard * worth if worth is not None else None
    floor = round_half_up(product.floor_price * factor * worth, 6) if product.floor_price is not None and worth is not None else None
    price, rule = standard, _("standard price")
    for one in lists:
        base = standard * one.percent / 100 if one.percent is not None and standard is not None else None
        fitting = [
            row
            for row in steps.get(one.pk, ())
            if (row.product_id in (None, product.pk)) and (row.unit_id is None or row.unit.name == unit) and row.from_quantity <= quantity
        ]
        if fitting:
            best = max(fitting, key=lambda row: (row.product_id is not None, row.unit_id is not None, row.from_quantity))
            part = base if base is not None else standard
            price = best.price if best.price is not None else part and part * best.percent / 100
            rule = one.name + (_(" from %(quantity)s") % {"quantity": f"{best.from_quantity.normalize():f}"} if best.from_quantity else "")
            break
        if base is not None:
            price, rule = base, one.name
            break
    if price is None:
        return Price(None, Decimal(0), "", floor, factor)
    price = round_half_up(price, 6)
    return Price(price, price, str(rule), floor, factor)
