"""Rollups of approved orders: what boards read instead of millions of lines.

Every posting writes deltas in its own transaction, so nobody waits for a hot row; `folding.fold_all` sums them up later. A row stands
for month × company × owner × one dimension (nothing, the customer or the product); amounts are in the company's currency.
"""

from decimal import Decimal

from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from models.base.fields import AmountField, QuantityField
from models.base.money import money


class SalesFigure(models.Model):
    """A delta or a sum of orders. Whoever may see the orders may see the figure."""

    RIGHTS_OF = "sales.Order"

    class Dimension(models.TextChoices):
        MONTH = "month", _("Month")
        CUSTOMER = "customer", _("Customer")
        PRODUCT = "product", _("Product")
        PRODUCT_OF_ALL = "all", _("Product, all owners")

    class Pending(models.IntegerChoices):
        """What a row waits for; a sum waits for nothing. The last two are seen only by the transaction that folds."""

        DELTA = 0
        FOLDING_DELTA = 1
        FOLDING_SUM = 2

    dimension = models.CharField(_("dimension"), max_length=8, choices=Dimension.choices)
    pending = models.PositiveSmallIntegerField(null=True, default=Pending.DELTA, editable=False)
    month = models.DateField(_("month"))
    key = models.BigIntegerField(_("key"), default=0)
    company = models.ForeignKey("org.Company", models.PROTECT, related_name="+", verbose_name=_("company"), db_index=False)
    owner = models.ForeignKey("org.Employee", models.PROTECT, null=True, related_name="+", verbose_name=_("owner"), db_index=False)
    department = models.ForeignKey(
        "org.Department", models.PROTECT, null=True, related_name="+", verbose_name=_("department"), db_index=False
    )
    region = models.ForeignKey("org.Region", models.PROTECT, null=True, related_name="+", verbose_name=_("region"), db_index=False)
    orders = models.IntegerField(_("orders"), default=0)
    quantity = QuantityField(_("quantity"), default=Decimal(0))
    net = AmountField(_("net"), default=Decimal(0))
    gross = AmountField(_("total"), default=Decimal(0))

    class Meta:
        verbose_name = _("sales figure")
        verbose_name_plural = _("sales figures")
        indexes = [
            # The amounts stand in the indexes, so that a board never touches the table.
            models.Index(fields=["dimension", "month", "key", "gross", "orders"], name="sales_figure_month"),
            models.Index(fields=["dimension", "owner", "month", "key", "gross"], name="sales_figure_owner"),
            models.Index(fields=["dimension", "month", "key"], condition=Q(pending__isnull=False), name="sales_figure_pending"),
        ]

    def __str__(self):
        return f"{self.dimension} {self.month:%Y-%m}"


SUMMED = ("orders", "quantity", "net", "gross")
GROUPED = ("dimension", "month", "key", "company_id", "owner_id", "department_id", "region_id")


def deltas(order, lines, sign=1, places=None):
    """The figures of an order as unsaved rows; sign −1 takes them out again. `order` and `lines` need only have the columns."""
    places = order.company.currency.decimals if places is None else places

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


def by_month(figures):
    """[(month, gross)] of a scoped queryset of figures, oldest first."""
    rows = figures.filter(dimension=SalesFigure.Dimension.MONTH).order_by()
    return rows.values_list("month").annotate(total=Sum("gross")).order_by("month")


def by_owner(figures):
    """[(owner id, gross)], the largest first."""
    rows = figures.filter(dimension=SalesFigure.Dimension.MONTH).order_by()
    return rows.values_list("owner").annotate(total=Sum("gross")).order_by("-total", "owner")


def by_customer(figures):
    """[(customer id, gross)], the largest first."""
    rows = figures.filter(dimension=SalesFigure.Dimension.CUSTOMER).order_by()
    return rows.values_list("key").annotate(total=Sum("gross")).order_by("-total", "key")


def by_product(figures, *, of_all_owners=False):
    """[(product id, gross)], the largest first. `of_all_owners`: the queryset leaves out no owner, so the shorter sums will do."""
    rows = figures.filter(dimension=SalesFigure.Dimension.PRODUCT).order_by()
    if of_all_owners:
        unfolded = Q(dimension=SalesFigure.Dimension.PRODUCT, pending__isnull=False)
        rows = figures.filter(Q(dimension=SalesFigure.Dimension.PRODUCT_OF_ALL) | unfolded).order_by()
    return rows.values_list("key").annotate(total=Sum("gross")).order_by("-total", "key")


def total(figures):
    """The gross of all."""
    return figures.filter(dimension=SalesFigure.Dimension.MONTH).aggregate(total=Sum("gross"))["total"] or Decimal(0)
