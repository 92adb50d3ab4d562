"""Rollups of approved orders, one row set per dimension, kept as deltas in the posting transaction and folded later.

A row: month × owner × one dimension (nothing, the customer, or the product). Amounts in base currency.
"""

from decimal import Decimal

from django.db import models
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from models.base.fields import AmountField, QuantityField


class SalesFigure(models.Model):
    """A delta or, once folded, a sum. Whoever may see the owner's orders may see the figure."""

    class Dimension(models.TextChoices):
        MONTH = "month", _("Month")
        CUSTOMER = "customer", _("Customer")
        PRODUCT = "product", _("Product")

    dimension = models.CharField(_("dimension"), max_length=8, choices=Dimension.choices)
    month = models.DateField(_("month"))
    key = models.BigIntegerField(_("key"), default=0)
    company = models.ForeignKey("org.Company", models.PROTECT, related_name="+", verbose_name=_("company"))
    owner = models.ForeignKey("org.Employee", models.PROTECT, null=True, related_name="+", verbose_name=_("owner"))
    department = models.ForeignKey("org.Department", models.PROTECT, null=True, related_name="+", verbose_name=_("department"))
    region = models.ForeignKey("org.Region", models.PROTECT, null=True, related_name="+", verbose_name=_("region"))
    orders = models.IntegerField(_("orders"), default=0)
    quantity = QuantityField(_("quantity"), default=Decimal(0))
    net = AmountField(_("net"), default=Decimal(0))
    gross = AmountField(_("total"), default=Decimal(0))

    class Meta:
        verbose_name = _("sales figure")
        verbose_name_plural = _("sales figures")
        indexes = [models.Index(fields=["dimension", "month", "key"], name="sales_figure_dimension")]


SUMMED = ("orders", "quantity", "net", "gross")
GROUPED = ("dimension", "month", "key", "company_id", "owner_id", "department_id", "region_id")


def deltas(order, lines, sign=1):
    """The figures of an order as unsaved rows; sign −1 takes them out again."""
    from models.base.money import money

    places = order.company.currency.decimals

    def base(amount):
        return money(amount * order.rate, places) * sign

    common = {
        "month": order.date.replace(day=1),
        "company_id": order.company_id,
        "owner_id": order.owner_id,
        "department_id": order.department_id,
        "region_id": order.region_id,
    }
    whole = {"orders": sign, "net": base(order.net), "gross": base(order.gross)}
    rows = [
        SalesFigure(dimension=SalesFigure.Dimension.MONTH, **common, **whole),
        SalesFigure(dimension=SalesFigure.Dimension.CUSTOMER, key=order.customer_id, **common, **whole),
    ]
    rows += [
        SalesFigure(
            dimension=SalesFigure.Dimension.PRODUCT,
            key=line.product_id,
            orders=sign,
            quantity=line.base_quantity * sign,
            net=base(line.net),
            gross=base(line.gross),
            **common,
        )
        for line in lines
    ]
    return rows


def record(order, lines, sign=1):
    """Write the order's figures."""
    SalesFigure.objects.bulk_create(deltas(order, lines, sign))


def fold():
    """Replace deltas by their sums. Returns how many rows were saved. Safe beside writers: only the rows read are replaced."""
    from django.db import transaction

    with transaction.atomic():
        rows = list(SalesFigure.objects.select_for_update().order_by("pk"))
        sums = {}
        for row in rows:
            total = sums.setdefault(tuple(getattr(row, name) for name in GROUPED), dict.fromkeys(SUMMED, 0))
            for name in SUMMED:
                total[name] += getattr(row, name)
        if len(sums) == len(rows):
            return 0
        SalesFigure.objects.filter(pk__in=[row.pk for row in rows]).delete()
        kept = [SalesFigure(**dict(zip(GROUPED, key, strict=True)), **total) for key, total in sums.items() if any(total.values())]
        SalesFigure.objects.bulk_create(kept)
        return len(rows) - len(kept)


def by_month(figures):
    """[(month, gross, orders)] of a scoped queryset of figures."""
    rows = figures.filter(dimension=SalesFigure.Dimension.MONTH).order_by()
    return rows.values_list("month").annotate(total=Sum("gross"), count=Sum("orders")).order_by("month")


def by_key(figures, dimension):
    """[(key, gross)] of customers or products, the largest first."""
    return figures.filter(dimension=dimension).order_by().values_list("key").annotate(total=Sum("gross")).order_by("-total")
