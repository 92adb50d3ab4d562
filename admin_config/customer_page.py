"""The customer's page: what is owed, what is left of the limit, what comes next, and everything of this customer in one place.

Every figure is the sum of the list behind it, in the person's range.
"""

from decimal import Decimal

from django.db.models import Sum
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from admin_config.columns import amount_text, moment_text
from admin_config.neighbours import card
from models.base import policy
from models.base.documents import Approval, business_today
from models.customers.models import Interaction
from models.finance.credit import credit_status
from models.finance.models import Credit, CustomerEntry, Receipt, Receivable, Refund
from models.finance.querysets import by_age
from models.sales.models import Delivery, Opportunity, Order, Quote, Return

DOCUMENTS = (
    (Opportunity, "amount"),
    (Quote, "gross"),
    (Order, "gross"),
    (Delivery, "gross"),
    (Return, "gross"),
    (Receipt, "gross"),
    (Refund, "gross"),
)
MOST_SHOWN = 15
MOST_MOMENTS = 40


class CustomerPages:
    """Mixin: tiles, buttons and the loaded tabs of a customer."""

    change_form_template = "backoffice/customer.html"
    PARTS = {"documents": "documents_of", "money": "money_of", "timeline": "timeline_of"}

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_part"
        return [path("<path:object_id>/part/<slug:part>/", self.admin_site.admin_view(self.part_view), name=name), *super().get_urls()]

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if change and obj is not None:
            context |= {
                "tiles": self.tiles(request, obj),
                "shortcuts": self.shortcuts(request, obj),
                "next_contact": self.next_contact(request, obj),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def further_tabs(self, request, obj):
        parts = [("documents", _("Documents")), ("money", _("Money")), ("timeline", _("Timeline"))]
        own = [{"key": key, "label": label, "load": self.link("part", obj.pk, key)} for key, label in parts]
        return own + super().further_tabs(request, obj)

    def facts(self, request, obj):
        shown = [(_("Owner"), str(obj.owner))] if obj.owner_id and self.sees(request, "owner") else []
        return shown + ([(_("Phone"), obj.phone)] if obj.phone and self.sees(request, "phone") else [])

    def shortcuts(self, request, obj):
        """[(label, icon, address)]: what is most often done next."""
        found = []
        for model, label, icon in ((Quote, _("New quote"), "request_quote"), (Interaction, _("Log contact"), "forum")):
            if policy.may(request.user, "add", model):
                found.append((label, icon, f"{_page(model, 'add')}?customer={obj.pk}"))
        return found

    # -- tiles -------------------------------------------------------------------------------------------------------------

    def tiles(self, request, obj):
        """[{label, figure, link, is_bad}] of what the person may see."""
        user, today, tiles = request.user, business_today(), []
        debtor = obj.debtor
        if policy.may(user, "view", Receivable) and policy.may_see(user, Receivable, "outstanding"):
            rows = policy.scope(user, Receivable).filter(customer=debtor, outstanding__gt=0)
            late = rows.filter(due_on__lt=today)
            base = f"{_page(Receivable, 'changelist')}?customer={debtor.pk}"
            overdue = _sum(late, "base_outstanding")
            tiles.append({"label": _("Owes"), "figure": amount_text(_sum(rows, "base_outstanding")), "link": f"{base}&view=open"})
            tiles.append({"label": _("Overdue"), "figure": amount_text(overdue), "link": f"{base}&view=overdue", "is_bad": bool(overdue)})
            if self.sees(request, "credit_limit") and policy.may(user, "view", obj):
                left = credit_status(debtor, obj.company_id, today=today).available
                figure = _("no limit") if left is None else amount_text(left)
                tiles.append({"label": _("Limit left"), "figure": figure, "link": "", "is_bad": left is not None and left < 0})
        if policy.may(user, "view", Order) and policy.may_see(user, Order, "gross"):
            start = today.replace(month=1, day=1)
            rows = policy.scope(user, Order).filter(customer=obj, approval=Approval.APPROVED, date__gte=start)
            link = f"{_page(Order, 'changelist')}?customer={obj.pk}&approval=approved&date__gte={start}"
            tiles.append(
                {"label": _("Ordered in %(year)s") % {"year": today.year}, "figure": amount_text(_sum(rows, "gross")), "link": link}
            )
        return tiles

    def next_contact(self, request, obj):
        """The last contact, and the nearest next step of all."""
        if not policy.may(request.user, "view", Interaction):
            return {}
        rows = policy.scope(request.user, Interaction).filter(customer=obj)
        last = rows.order_by("-at").first()
        following = rows.exclude(next_contact_on=None).order_by("-at").first()
        return {"last": last, "next": following, "is_late": following is not None and following.next_contact_on < business_today()}

    # -- loaded tabs -------------------------------------------------------------------------------------------------------

    def part_view(self, request, object_id, part):
        obj = self.found(request, object_id)
        if part not in self.PARTS:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": f"{obj}",
            "record_link": self.link("change", obj.pk),
            "part": f"backoffice/customer_{part}.html",
            **getattr(self, self.PARTS[part])(request, obj),
        }
        request.current_app = self.admin_site.name
        is_part = bool(request.headers.get("HX-Request"))
        return TemplateResponse(request, context["part"] if is_part else "backoffice/customer_part.html", context)

    def documents_of(self, request, obj):
        """The newest documents of each kind, with the list of all behind the heading."""
        groups = []
        for model, amount in DOCUMENTS:
            if not policy.may(request.user, "view", model):
                continue
            rows = policy.scope(request.user, model).filter(customer=obj).order_by("-pk")
            cards = [
                card(one, request.user, self.admin_site, amount)
                | {"date": moment_text(getattr(one, "date", None) or timezone.localtime(one.created_at).date())}
                for one in rows.select_related(*(["stage"] if model is Opportunity else []))[:MOST_SHOWN]
            ]
            if cards:
                title = capfirst(model._meta.verbose_name_plural)
                groups.append({"title": title, "link": f"{_page(model, 'changelist')}?customer={obj.pk}", "cards": cards})
        return {"groups": groups}

    def money_of(self, request, obj):
        """Ageing, open receivables, credits, the latest of the current account."""
        user, debtor, found = request.user, obj.debtor, {}
        if policy.may(user, "view", Receivable) and policy.may_see(user, Receivable, "outstanding"):
            rows = policy.scope(user, Receivable).filter(customer=debtor)
            found["ages"] = [(label, amount_text(amount)) for _key, label, amount in by_age(rows, business_today())]
            found["receivables"] = [
                {
                    "record": one,
                    "link": _page(Receivable, "change", one.pk),
                    "due_on": one.due_on,
                    "is_late": one.due_on < business_today(),
                    "amount": amount_text(one.amount),
                    "outstanding": amount_text(one.outstanding),
                    "currency": one.currency_id,
                }
                for one in rows.filter(outstanding__gt=0).order_by("due_on", "pk")[:MOST_MOMENTS]
            ]
        if policy.may(user, "view", Credit):
            rows = policy.scope(user, Credit).filter(customer=debtor, open__gt=0).order_by("pk")[:MOST_SHOWN]
            found["credits"] = [{"record": one, "link": _page(Credit, "change", one.pk), "open": amount_text(one.open)} for one in rows]
        if policy.may(user, "view", CustomerEntry):
            rows = policy.scope(user, CustomerEntry).filter(customer=debtor).order_by("-id")[:MOST_SHOWN]
            found["entries"] = [(one.date, one.get_kind_display(), one.source_number, amount_text(one.amount)) for one in rows]
            found["entries_link"] = f"{_page(CustomerEntry, 'changelist')}?customer={debtor.pk}"
        return found

    def timeline_of(self, request, obj):
        """Contacts and documents in one stream, the newest first."""
        moments = []
        if policy.may(request.user, "view", Interaction):
            for one in (
                policy.scope(request.user, Interaction)
                .filter(customer=obj)
                .select_related("way", "owner", "contact")
                .order_by("-at")[:MOST_MOMENTS]
            ):
                about = " · ".join(str(part) for part in (one.way, one.contact, one.result) if part)
                moments.append(
                    {
                        "at": one.at,
                        "kind": Interaction._meta.verbose_name,
                        "title": one.subject,
                        "about": about,
                        "link": _page(Interaction, "change", one.pk),
                    }
                )
        for model, amount in DOCUMENTS:
            if not policy.may(request.user, "view", model):
                continue
            for one in policy.scope(request.user, model).filter(customer=obj).order_by("-created_at")[:MOST_SHOWN]:
                shown = (
                    card(one, request.user, self.admin_site, amount)
                    if model is not Opportunity
                    else {"title": str(one), "link": _page(model, "change", one.pk), "state": "", "amount": ""}
                )
                moments.append(
                    {
                        "at": one.created_at,
                        "kind": model._meta.verbose_name,
                        "title": shown["title"],
                        "state": shown["state"],
                        "about": shown["amount"],
                        "link": shown["link"],
                    }
                )
        moments.sort(key=lambda one: one["at"], reverse=True)
        return {"moments": moments[:MOST_MOMENTS]}


def _sum(rows, name):
    return rows.order_by().aggregate(total=Sum(name))["total"] or Decimal(0)


def _page(model, page, *arguments):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)
