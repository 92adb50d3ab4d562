"""What the server fills into the lines of documents, as the line grid does: units, prices, tax rates."""

from decimal import Decimal

from django.utils.translation import gettext as _

from models.base.money import round_half_up
from models.products.models import Product, ProductUnit
from models.products.pricing import price_lines
from models.sales.lines import SalesLine


class LineRules:
    """Completes lines of products. `refuse(line, name, sentence)` takes what is wrong."""

    def __init__(self, line_model, refuse):
        self.model, self.refuse = line_model, refuse
        names = {field.name for field in line_model._meta.concrete_fields}
        self.has_units = {"product", "unit", "factor"} <= names
        self.has_prices = issubclass(line_model, SalesLine)

    def complete(self, documents):
        """`documents`: [(document, [(line, names given by the file)])], products loaded."""
        if not self.has_units:
            return
        lines = [pair for _document, pairs in documents for pair in pairs]
        products = {line.product_id for line, _given in lines if line.product_id}
        self.base = {p.pk: p for p in Product.objects.filter(pk__in=products).select_related("unit")}
        self.further = {(u.product_id, u.unit.name): u for u in ProductUnit.objects.filter(product__in=products).select_related("unit")}
        for line, given in lines:
            if line.product_id in self.base:
                self._unit(line, given)
        if self.has_prices:
            for document, pairs in documents:
                self._prices(document, pairs)

    def _unit(self, line, given):
        product = line.product = self.base[line.product_id]
        if not line.unit:
            line.unit = product.unit.name
        further = self.further.get((product.pk, line.unit))
        if line.unit == product.unit.name:
            line.factor, decimals = Decimal(1), product.unit.decimals
        elif further is not None:
            line.factor, decimals = further.factor, further.unit.decimals
        else:
            if "unit" in given or line._state.adding:
                units = [product.unit.name, *(name for key, name in self.further if key == product.pk)]
                self.refuse(line, "unit", _("This product is sold in %(units)s.") % {"units": ", ".join(units)})
            return
        if line.quantity is not None and round_half_up(line.quantity, decimals) != line.quantity:
            words = {"unit": line.unit, "decimals": decimals}
            self.refuse(line, "quantity", _("%(unit)s is counted with %(decimals)s decimals.") % words)

    def _prices(self, document, pairs):
        asking, worth = [], None
        for line, given in pairs:
            product = self.base.get(line.product_id)
            if product is None or line.quantity is None:
                continue
            line.base_quantity = line.quantity * line.factor
            if not line._state.adding:
                if "price" in given:
                    line.price_source, line.price_rule = SalesLine.PriceSource.MANUAL, ""
                continue
            line.cost = product.cost
            if worth is None:
                worth = self._worth(document)
            line.list_price = self._standard(product, line, worth)
            if "tax_rate" not in given:
                line.tax_rate = product.tax_borne
            if "is_exempt" not in given:  # a rate in the file says that the line is taxed
                line.is_exempt = product.is_exempt and not line.tax_rate
            if "price" in given:
                line.price_source = SalesLine.PriceSource.MANUAL
            else:
                asking.append(line)
        if asking:
            items = [(line.product, line.unit, line.quantity) for line in asking]
            for line, price in zip(asking, price_lines(document.customer, document.currency_id, document.date, items), strict=True):
                if price.price is None:
                    words = {"currency": document.currency_id}
                    self.refuse(line, "price", _("There is no price for this product in %(currency)s.") % words)
                    continue
                line.price, line.list_price, line.price_rule = price.price, price.list_price, str(price.rule)
                line.price_source = SalesLine.PriceSource.RULE

    def _worth(self, document):
        """What one of the company's own currency is worth in the document's, by the document's rate; 0 where it has none."""
        if document.rate_problem():
            return Decimal(0)
        return 1 / document.rate

    def _standard(self, product, line, worth):
        """The standard price per unit of the line, before any list."""
        further = self.further.get((product.pk, line.unit))
        if further is not None and further.price is not None:
            return round_half_up(further.price * worth, 6)
        return round_half_up(product.price * line.factor * worth, 6)
