"""What a grid asks about products, for any number of lines at once: which product, at what price, how much is left, what was paid last."""

import datetime
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Case, IntegerField, Prefetch, Q, When, prefetch_related_objects
from django.utils import formats, timezone

from models.base import policy
from models.base.fields import TrimmedDecimalField, trimmed
from models.base.money import round_half_up
from models.base.search import may_search, normalised

MOST_ITEMS = 500
MOST_FOUND = 20


class UnitChoice(NamedTuple):
    """A unit a product may be sold in; one of it is `factor` base units."""

    name: str
    factor: Decimal
    barcode: str
    decimals: int


@dataclass(frozen=True)
class Header:
    """What prices and stock depend on in the head of a document, as far as it is filled in and the person may see it."""

    partner: object = None
    currency: str = ""
    date: datetime.date | None = None
    warehouse: int | None = None
    rate: Decimal = Decimal(1)
    includes_tax: bool = True

    @classmethod
    def of(cls, document, grid):
        """The header of a document that exists or is being entered."""
        partner = None
        if getattr(document, f"{grid.partner_field}_id", None):
            partner = getattr(document, grid.partner_field)
        return cls(
            partner=partner,
            currency=getattr(document, "currency_id", None) or grid.default_currency,
            date=getattr(document, "date", None) or timezone.localdate(),
            warehouse=getattr(document, "warehouse_id", None),
            rate=getattr(document, "rate", None) or Decimal(1),
            includes_tax=getattr(document, "prices_include_tax", True),
        )

    @classmethod
    def posted(cls, data, grid, user):
        """The header as the script sends it. A partner outside the person's scope counts as none."""
        partner = None
        key = str(data.get("partner") or "")
        if key.isdecimal() and hasattr(grid.parent_model, grid.partner_field):
            model = grid.parent_model._meta.get_field(grid.partner_field).related_model
            partner = policy.scope(user, model).filter(pk=key).first()
        warehouse = str(data.get("warehouse") or "")
        return cls(
            partner=partner,
            currency=str(data.get("currency") or grid.default_currency),
            date=_date(data.get("date")) or timezone.localdate(),
            warehouse=int(warehouse) if warehouse.isdecimal() else None,
            rate=number(data.get("rate")) or Decimal(1),
            includes_tax=str(data.get("includes_tax", "on")) == "on",
        )


def _date(text):
    for pattern in formats.get_format("DATE_INPUT_FORMATS"):
        try:
            return datetime.datetime.strptime(str(text or ""), pattern).date()
        except ValueError:
            continue
    return None


def number(text, default=None):
    """The decimal a posted text means, or `default`."""
    try:
        found = TrimmedDecimalField(required=False).clean(str(text or ""))
    except ValidationError:
        return default
    return default if found is None else found


def grouped(text):
    """1234.5 as 1,234.5."""
    whole, point, fraction = text.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-') or 0):,}{point}{fraction}"


class Catalogue:
    """Answers for one person and one grid. The grid supplies resolve, search, pricing, last_prices and available."""

    def __init__(self, grid, user):
        self.grid, self.user = grid, user
        self.shows_prices = grid.has_prices and policy.may_see(user, grid.model, "price")
        self.shows_cost = self.shows_prices and all(policy.may_see(user, model, "cost") for model in (grid.model, grid.product_model))
        self._units = {}

    def resolve(self, texts):
        """{text: [products]} for typed or scanned texts; products outside the person's scope are not there."""
        found = self.grid.resolve({text.strip() for text in texts if text and text.strip()})
        return {
            text: sorted((product for product in products if policy.may(self.user, "view", product)), key=lambda product: product.code)
            for text, products in found.items()
        }

    def search(self, text):
        """The products that a piece of text may mean, the best first."""
        if self.grid.search is not None:
            return list(self.grid.search(self.user, text, MOST_FOUND))
        products = policy.scope(self.user, self.grid.product_model).filter(is_active=True).select_related("unit")
        wanted = normalised(text)
        if wanted:
            starts = Case(When(code__istartswith=text.strip(), then=0), default=1, output_field=IntegerField())
            seen = Q(search_text__contains=wanted) if may_search(self.user, self.grid.product_model) else Q(code__icontains=text.strip())
            products = products.filter(seen).order_by(starts, "code")
        else:
            products = products.order_by("code")
        return list(products[:MOST_FOUND])

    def load_units(self, products):
        """Fetch the units of these products with one query."""
        fresh = [product for product in {product.pk: product for product in products}.values() if product.pk not in self._units]
        if not fresh:
            return
        further = self.grid.product_model._meta.get_field("units").related_model._default_manager.select_related("unit")
        prefetch_related_objects(fresh, Prefetch("units", further, to_attr="further_units"))
        for product in fresh:
            base = UnitChoice(product.unit.name, Decimal(1), product.barcode, product.unit.decimals)
            rest = [UnitChoice(row.unit.name, row.factor, row.barcode, row.unit.decimals) for row in product.further_units]
            self._units[product.pk] = [base, *rest]

    def units(self, product):
        """The units of a product, the base unit first."""
        self.load_units([product])
        return self._units[product.pk]

    def unit_for(self, product, name, text=""):
        """The unit named; else the one whose barcode was scanned; else the base unit. None where the product has no unit of that name."""
        units = self.units(product)
        if name:
            return next((unit for unit in units if unit.name == name), None)
        return next((unit for unit in units if text and unit.barcode == text.strip()), units[0])

    def prices(self, items, header):
        """A price for each (product, unit name, quantity), or None for all where the grid has no pricing."""
        if self.grid.pricing is None or not items:
            return [None] * len(items)
        return self.grid.pricing(header.partner, header.currency, header.date, items)

    def beside(self, products, header):
        """{product id: {"available", "last"}}: what stands in grey beside a line."""
        keys = sorted({product.pk for product in products})
        left = self.grid.available(keys, header.warehouse, self.user) if self.grid.available and keys else None
        last = {}
        if self.grid.last_prices and header.partner is not None and self.shows_prices and keys:
            last = self.grid.last_prices(header.partner, keys, header.currency, self.user)
        return {
            product.pk: {
                "available": _available(product, left),
                "last": _last(last.get(product.pk)),
            }
            for product in products
        }

    def describe(self, product, unit, price, beside):
        """A product as the script knows it; decimals as text."""
        known = {
            "id": product.pk,
            "code": product.code,
            "name": product.name,
            "specification": product.specification,
            "unit": unit.name,
            "units": [{"name": one.name, "barcode": one.barcode} for one in self.units(product)],
            "tax_rate": trimmed(product.tax_borne),
            "is_exempt": product.is_exempt,
            **beside.get(product.pk, {}),
        }
        if price is not None and self.shows_prices:
            known |= {"price": "" if price.price is None else trimmed(price.price), "rule": str(price.rule)}
        return known

    def answer(self, items, header):
        """One answer per posted item {"key", "text", "unit", "quantity", "price", "discount", "warehouse"}: ok, none or many."""
        items = [item for item in items if isinstance(item, dict)][:MOST_ITEMS]
        texts = [str(item.get("text") or "").strip() for item in items]
        found = self.resolve(texts)
        products = [product for hits in found.values() for product in hits]
        self.load_units(products)
        asked, rows = [], []
        for item, text in zip(items, texts, strict=True):
            hits = found.get(text, [])
            for product in hits[:MOST_FOUND]:
                unit = self.unit_for(product, str(item.get("unit") or ""), text) or self.units(product)[0]
                asked.append((product, unit.name, number(item.get("quantity"), Decimal(1))))
                rows.append((item, product, unit))
        answers = {id(item): {"key": item.get("key"), "status": "none", "products": []} for item in items}
        beside = self._beside_each(rows, header)
        for (item, product, unit), price in zip(rows, self.prices(asked, header), strict=True):
            answer = answers[id(item)]
            known = self.describe(product, unit, price, beside[self._warehouse(item, header)])
            known |= self.earned(product, unit.factor, self._entered(item, price, product), header)
            known["below_floor"] = self.is_below_floor(price, number(item.get("price")), number(item.get("discount"), Decimal(100)))
            answer["products"].append(known)
            answer["status"] = "ok" if len(answer["products"]) == 1 else "many"
        return list(answers.values())

    @staticmethod
    def _entered(item, price, product):
        """(price, discount, tax rate) of a posted row; what the rule says where no price was entered."""
        entered = number(item.get("price"), price.price if price is not None else None)
        return entered, number(item.get("discount"), Decimal(100)), number(item.get("tax_rate"), product.tax_borne)

    def earned(self, product, factor, entered, header, cost=None):
        """{"cost", "margin"} of `factor` base units at the price, discount and tax rate `entered`; empty for who may not see costs.

        `cost`: what the line holds as the cost of a base unit; else the product's.
        """
        if not self.shows_cost:
            return {}
        cost = (cost or product.cost) * factor
        found = {"cost": {"price": grouped(trimmed(cost, 2))}}
        price, discount, tax_rate = entered
        net = (price or 0) * discount / 100 * header.rate
        if header.includes_tax:
            net = net * 100 / (100 + tax_rate)
        if net > 0 and cost:
            found["margin"] = {"percent": trimmed(round_half_up((net - cost) * 100 / net, 1))}
        return found

    def is_below_floor(self, price, entered, discount):
        """True if the price entered, after the line's discount, is lower than the floor."""
        if price is None or price.floor is None or entered is None:
            return False
        return entered * discount / 100 < price.floor

    def _warehouse(self, item, header):
        own = str(item.get("warehouse") or "")
        return int(own) if own.isdecimal() else header.warehouse

    def _beside_each(self, rows, header):
        groups = {}
        for item, product, _unit in rows:
            groups.setdefault(self._warehouse(item, header), []).append(product)
        return {warehouse: self.beside(products, replace(header, warehouse=warehouse)) for warehouse, products in groups.items()}

    def found(self, text, header):
        """The products that a piece of text may mean, described for the list and the picker."""
        products = self.search(text)
        self.load_units(products)
        units = [self.units(product)[0] for product in products]
        asked = [(product, unit.name, Decimal(1)) for product, unit in zip(products, units, strict=True)]
        beside = self.beside(products, header)
        prices = self.prices(asked, header)
        return [self.describe(product, unit, price, beside) for product, unit, price in zip(products, units, prices, strict=True)]


def _available(product, left):
    if left is None or not getattr(product, "is_stocked", True):
        return None
    return {"quantity": grouped(trimmed(left.get(product.pk, Decimal(0)))), "unit": product.unit.name}


def _last(last):
    if last is None:
        return None
    return {
        "price": grouped(trimmed(last.price, 2)),
        "unit": last.unit,
        "date": formats.date_format(last.date, "SHORT_DATE_FORMAT"),
        "number": last.number,
    }
