"""The whole sidebar, readable in one sitting. A record type is named by its model, another page by its address.

An entry appears for those who may view it, and once its screen exists.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Page:
    """A page that is no list of records. `may`: dotted path of request → bool; `badge`: of request → count, "" and 0 show nothing."""

    label: str
    icon: str
    name: str
    arguments: tuple = ()
    query: str = ""
    may: str | None = None
    badge: str | None = None


MENU = [
    (
        "",
        [
            Page(_("Start"), "home", "admin:index"),
            Page(_("Inbox"), "inbox", "admin:inbox", badge="flows.inbox.badge"),
            Page(_("Boards"), "monitoring", "admin:boards", may="dashboards.boards.may_view"),
        ],
    ),
    (_("Customers"), ["customers.Customer", "customers.Contact", "customers.Interaction"]),
    (_("Sales"), ["sales.Opportunity", "sales.Quote", "sales.Order", "sales.OrderLine", "sales.Delivery", "sales.Return"]),
    (_("Products"), ["products.Product", "products.PriceList", "products.Category", "products.Unit"]),
    (_("Stock"), ["stock.Balance", "stock.Movement", "stock.Reservation", "stock.Warehouse", "stock.OpeningStock"]),
    (
        _("Finance"),
        [
            "finance.Receivable",
            "finance.Receipt",
            "finance.Refund",
            "finance.Credit",
            "finance.CustomerEntry",
            "finance.CashEntry",
            "finance.Allocation",
            "finance.CreditOverride",
            "finance.CashAccount",
            "finance.OpeningReceivable",
            "customers.PaymentTerm",
        ],
    ),
    (
        _("Organisation"),
        [
            "org.Employee",
            "org.Department",
            "org.Region",
            "org.Position",
            "org.Assistance",
            "org.User",
            "org.Role",
            "org.Company",
            "org.Currency",
            "org.ExchangeRate",
        ],
    ),
    (
        _("Configuration"),
        [
            "flows.ApprovalChain",
            "lowcode.OptionList",
            "lowcode.NumberRule",
            "lowcode.ImportMapping",
            "lowcode.ImportRun",
            "lowcode.ExportRun",
            "sales.Stage",
            "audit.ChangeSet",
            "audit.Job",
            "audit.OutboxMessage",
        ],
    ),
]
