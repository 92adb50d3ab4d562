"""What waits for one person: short lists, each with a way to the whole of it. Shown only to those who can do the work."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from dashboards.approvals import approvable, task_model
from dashboards.base import list_link
from models.base import policy
from models.base.documents import EDITABLE, Approval, business_today
from models.customers.models import Interaction
from models.finance.models import Credit, Receivable
from models.sales.models import Delivery, Order, Quote, Return

SHOWN = 6
COUNTED = 99


@dataclass
class Item:
    """A line of work: what it is, about whom, and a date or an amount."""

    title: str
    about: str
    link: str
    date: object = None
    is_late: bool = False
    amount: object = None
    currency: str = ""

    @property
    def day(self):
        return formats.date_format(self.date, "SHORT_DATE_FORMAT") if self.date else ""


def record_link(record):
    """The page of a record."""
    meta = record._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])


class Work:
    """A kind of waiting work. `rows` are the records within the person's right `verb`; `whole` filters the list of all of them."""

    title = ""
    icon = ""
    model = None
    verb = "view"
    whole = {}
    date_field = ""
    amount_field = ""
    tone = ""

    def __init__(self, user):
        self.user, self.today = user, business_today()

    def may(self):
        """True if this person can do anything about it."""
        return bool(policy.may(self.user, self.verb, self.model) and policy.may(self.user, "view", self.model))

    def condition(self):
        """Which records wait."""
        return Q(**self.whole)

    def rows(self):
        """The waiting records, the most urgent first."""
        return policy.scope(self.user, self.model, self.verb).filter(self.condition()).order_by(self.date_field or "pk", "pk")

    def item(self, record):
        """How a record is shown."""
        date, amount = self._read(record, self.date_field), self._read(record, self.amount_field)
        return Item(
            title=str(record),
            about=str(record.customer) if getattr(record, "customer_id", None) else "",
            link=record_link(record),
            date=date,
            is_late=bool(date and self.date_field in ("due_on", "next_contact_on", "wanted_on") and date < self.today),
            amount=amount,
            currency=getattr(record, "currency_id", ""),
        )

    def _read(self, record, name):
        return getattr(record, name) if name and policy.may_see(self.user, self.model, name) else None

    def shown(self):
        """{title, icon, items, count, link}, or None where nothing waits."""
        rows = self.rows()
        keys = [name for name in ("customer", "currency") if any(field.name == name for field in self.model._meta.fields)]
        items = [self.item(record) for record in rows.select_related(*keys)[:SHOWN]]
        if not items:
            return None
        count = len(items) if len(items) < SHOWN else rows[: COUNTED + 1].count()
        return {
            "title": self.title,
            "icon": self.icon,
            "tone": self.tone,
            "items": items,
            "count": f"{COUNTED}+" if count > COUNTED else count,
            "link": self.link(),
        }

    def link(self):
        """The list of all of it."""
        return list_link(self.model, {name: ",".join(value) if isinstance(value, tuple) else value for name, value in self.whole.items()})


class Decisions(Work):
    """Documents that wait for this person's decision, his own tasks before those of his roles."""

    title = gettext_lazy("Waiting for you")
    icon = "inbox"
    tone = "now"

    def may(self):
        return True

    def rows(self):
        from models.org.models import RoleHolder

        roles = RoleHolder.objects.filter(employee_id=self.user.employee_id, role__is_active=True).values("role_id")
        queue = Q(status="NEW", owner=None, role__in=roles) & ~Q(process__submitter=self.user)
        if self.user.employee_id:
            queue &= ~Q(process__document_owner=self.user.employee_id)
        tasks = task_model().objects.filter(Q(owner=self.user, status="ASSIGNED") | queue, level__gte=0)
        return tasks.select_related("process").order_by("created")

    def shown(self):
        rows = self.rows()
        items = [
            Item(f"{one.process}", one.process.subject, self.link_to(one), date=one.created.date(), amount=one.process.amount)
            for one in rows[:SHOWN]
        ]
        if not items:
            return None
        count = len(items) if len(items) < SHOWN else rows[: COUNTED + 1].count()
        return {"title": self.title, "icon": self.icon, "tone": self.tone, "items": items, "count": count, "link": self.link()}

    def link(self):
        return reverse("admin:inbox")

    def link_to(self, task):
        model = task.process.content_type.model_class()
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[task.process.object_id])


class Drafts(Work):
    """Documents this person began and did not submit, or got back for changes."""

    title = gettext_lazy("Your drafts")
    icon = "edit_note"

    def may(self):
        return self.user.employee_id is not None

    def shown(self):
        found, count, link = [], 0, ""
        for model in approvable():
            if not policy.may(self.user, "change", model):
                continue
            mine = Q(owner=self.user.employee_id) | Q(created_by=self.user)
            rows = policy.scope(self.user, model).filter(mine, approval__in=EDITABLE).select_related("customer")
            newest = list(rows.order_by("-pk")[:SHOWN])
            found += [(one.changed_at, model, one) for one in newest]
            count += len(newest) if len(newest) < SHOWN else rows[: COUNTED + 1].count()
        found.sort(key=lambda one: (one[2].approval != Approval.RETURNED, -one[0].timestamp()))
        items = [self.draft(model, record) for _changed, model, record in found[:SHOWN]]
        return {"title": self.title, "icon": self.icon, "tone": "", "items": items, "count": count, "link": link} if items else None

    def draft(self, model, record):
        words = [capfirst(model._meta.verbose_name)]
        if record.approval == Approval.RETURNED:
            words.append(record.get_approval_display())
        item = self.item(record)
        item.title, item.date = f"{words[0]} {item.title}", record.changed_at.date()
        item.about = " · ".join(part for part in (item.about, *words[1:]) if part)
        item.is_late = record.approval == Approval.RETURNED
        return item


class NextContacts(Work):
    """Customers to contact within a week: nothing was noted since for them."""

    title = gettext_lazy("Customers to contact")
    icon = "call"
    model = Interaction
    date_field = "next_contact_on"

    def may(self):
        return self.user.employee_id is not None and super().may()

    def condition(self):
        later = Interaction.objects.filter(customer=OuterRef("customer"), at__gt=OuterRef("at"))
        due = Q(owner=self.user.employee_id, next_contact_on__lte=self.today + timedelta(days=7))
        return due & ~Exists(later)

    def item(self, record):
        item = super().item(record)
        item.title, item.about = item.about, record.next_step or record.subject
        return item

    def link(self):
        return list_link(Interaction, {"view": "mine"})


class QuotesRunningOut(Work):
    """Quotes of this person that end within a week."""

    title = gettext_lazy("Quotes that end soon")
    icon = "event_busy"
    model = Quote
    verb = "order_quote"
    date_field = "valid_until"
    amount_field = "gross"

    def condition(self):
        open_ones = (Quote.Progress.OPEN, Quote.Progress.SENT)
        span = Q(valid_until__gte=self.today, valid_until__lte=self.today + timedelta(days=7))
        return span & Q(owner=self.user.employee_id, approval=Approval.APPROVED, progress__in=open_ones)

    def link(self):
        return list_link(Quote, {"view": "mine", "approval": "approved"})


class OrdersToDeliver(Work):
    """Approved orders with goods still to be delivered."""

    title = gettext_lazy("Orders to deliver")
    icon = "local_shipping"
    model = Order
    verb = "deliver_order"
    whole = {"approval": "approved", "progress__in": ("not_delivered", "partly")}
    date_field = "wanted_on"
    amount_field = "gross"


class DeliveriesToDispatch(Work):
    """Deliveries that have not left."""

    title = gettext_lazy("Deliveries to dispatch")
    icon = "package_2"
    model = Delivery
    verb = "dispatch_delivery"
    whole = {"progress__in": ("draft", "picked")}
    date_field = "date"


class ReturnsToTakeIn(Work):
    """Approved returns whose goods are awaited."""

    title = gettext_lazy("Returns to take in")
    icon = "assignment_return"
    model = Return
    verb = "receive_return"
    whole = {"approval": "approved", "progress": "awaited"}
    date_field = "date"


class OverdueDebts(Work):
    """Receivables that are late."""

    title = gettext_lazy("Overdue receivables")
    icon = "schedule"
    model = Receivable
    date_field = "due_on"
    amount_field = "outstanding"
    tone = "late"

    def condition(self):
        return Q(outstanding__gt=0, due_on__lt=self.today)

    def link(self):
        return list_link(Receivable, {"outstanding__gt": 0, "due_on__lt": self.today})


class MoneyToAllocate(Work):
    """Money of customers that is used for nothing yet."""

    title = gettext_lazy("Money to allocate")
    icon = "call_split"
    model = Credit
    whole = {"open__gt": 0}
    date_field = "date"
    amount_field = "open"

    def may(self):
        return bool(policy.may(self.user, "allocate_credit", Credit)) and super().may()


WORK = (
    Decisions,
    NextContacts,
    Drafts,
    QuotesRunningOut,
    OrdersToDeliver,
    DeliveriesToDispatch,
    ReturnsToTakeIn,
    OverdueDebts,
    MoneyToAllocate,
)


def work_of(user):
    """The lists of waiting work of a person, as the page writes them; empty ones are left out."""
    return [shown for work in (kind(user) for kind in WORK) if work.may() and (shown := work.shown())]
