"""Every board there is: one visible table. A board shows the charts its reader has a right to; with none of them it is not offered."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from dashboards import approvals, finance, sales, stock


@dataclass(frozen=True)
class Board:
    """A page of at most four tiles and six charts."""

    code: str
    title: str
    icon: str
    charts: tuple
    tiles: tuple = ()

    @property
    def has_period(self):
        """False where everything is of today."""
        return any(source.has_period for source in (*self.charts, *self.tiles))

    def charts_for(self, user, selection=None):
        """The charts the person may see (and that know of the scope chosen)."""
        return [chart for chart in self.charts if chart.may_see(user) and (selection is None or chart.fits(selection))]

    def tiles_for(self, selection):
        """The tiles he may see, as the page writes them."""
        return [tile(selection).shown() for tile in self.tiles if tile.may_see(selection.user) and tile.fits(selection)]


BOARDS = (
    Board(
        "overview",
        _("Overview"),
        "monitoring",
        (
            sales.SalesByMonth,
            sales.Funnel,
            sales.TopCustomers,
            finance.ReceivablesByAge,
            stock.StockByWarehouse,
            approvals.WaitingByAge,
        ),
        (sales.SalesOfPeriod, finance.OpenReceivables, finance.OverdueReceivables, approvals.WaitingApprovals),
    ),
    Board(
        "sales",
        _("Sales"),
        "trending_up",
        (sales.SalesByMonth, sales.SalesByOwner, sales.TopCustomers, sales.TopProducts, sales.Funnel),
        (sales.SalesOfPeriod,),
    ),
    Board(
        "receivables",
        _("Receivables"),
        "account_balance_wallet",
        (finance.ReceivablesByAge, finance.TopDebtors),
        (finance.OpenReceivables, finance.OverdueReceivables),
    ),
    Board("stock", _("Stock"), "warehouse", (stock.StockByWarehouse, stock.StockByProduct)),
    Board("approvals", _("Approvals"), "fact_check", (approvals.WaitingByAge, approvals.WaitingByDocument), (approvals.WaitingApprovals,)),
)
CHARTS = {chart.key(): chart for board in BOARDS for chart in board.charts}


def boards_for(user):
    """The boards on which the person would see at least one chart."""
    return [board for board in BOARDS if board.charts_for(user)]


def may_view(request):
    """True if there is a board for this person (the menu asks)."""
    return bool(boards_for(request.user))
