"""Buttons and dialogs of operations. A button stands there only while the deed is possible, and asks before what cannot be undone."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from admin_config.columns import amount_text
from admin_config.writing import REFUSALS, TOKEN, sentence, write_once
from models.audit.once import new_token
from models.base import policy
from models.base.fields import AmountField, QuantityField, trimmed
from models.base.operations import Refusal, find_operation, operations_of

ASKED = {"reason": gettext_lazy("Reason")}
LONGEST_TEXT = 500


@dataclass
class Button:
    """An operation as a button. `is_main`: the one logical next step, the only filled one."""

    operation: object
    link: str
    token: str
    is_main: bool = False

    @property
    def label(self):
        return self.operation.label

    # A template would call an operation instead of reading it, so what templates read of it stands here.
    @property
    def icon(self):
        return self.operation.icon

    @property
    def danger(self):
        return self.operation.danger

    @property
    def confirm(self):
        return self.operation.confirm

    @property
    def asks(self):
        """[(name, label)] of the texts to type."""
        return [(name, ASKED.get(name, name)) for name in self.operation.asks]

    @property
    def needs_dialog(self):
        one = self.operation
        return bool(one.confirm or one.asks or one.danger or one.picks or one.allots or one.gathers)

    @property
    def key(self):
        return self.operation.codename


class Choice:
    """What a person picks for an operation: how much of each line or receivable, and which further documents go with it."""

    def __init__(self, obj, operation, request):
        self.operation, self.user = operation, request.user
        self.data = request.POST if request.method == "POST" else request.GET
        self.is_posted = request.method == "POST"
        others = operation.gathers(obj) if operation.gathers else None
        model = type(obj)
        self.others = list(others & policy.scope(request.user, model, operation.right)) if others is not None else []
        self.is_sent = "picks" in self.data
        taken = set(self.data.getlist("others")) if self.is_sent else set()
        self.sources = [obj, *[one for one in self.others if str(one.pk) in taken]]

    @cached_property
    def lines(self):
        """[(line, possible, typed)] of the document and of those taken with it."""
        if not self.operation.picks:
            return []
        rows = [row for source in self.sources for row in self.operation.picks(source)]
        texts = [(line, trimmed(possible)) for line, possible in rows]
        return [
            (line, possible, self.data.get(f"quantity-{line.pk}", "" if self.is_posted and self.is_sent else possible))
            for line, possible in texts
        ]

    @cached_property
    def shares(self):
        """[(record, possible, typed)] of the records that amounts are asked for, as far as the person may see them."""
        rows = self.operation.allots(self.sources[0]) if self.operation.allots else []
        if not rows:
            return []
        seen = policy.scope(self.user, type(rows[0][0])).filter(pk__in=[record.pk for record, _possible, _proposed in rows])
        seen = set(seen.values_list("pk", flat=True))
        shown = [(record, trimmed(possible, 2), proposed) for record, possible, proposed in rows if record.pk in seen]
        if self.is_posted:
            return [(record, possible, self.data.get(f"amount-{record.pk}", "")) for record, possible, _proposed in shown]
        return [(record, possible, "" if proposed is None else trimmed(proposed, 2)) for record, possible, proposed in shown]

    @property
    def has_quantities(self):
        """True where a quantity is asked for each line, so that further documents bring further rows."""
        return bool(self.operation.picks)

    @property
    def offered(self):
        """[(document, amount, is taken)] of the others; no amount for whom may not see it."""
        return [(one, self._worth(one), one in self.sources) for one in self.others]

    def _worth(self, document):
        if not hasattr(document, "gross") or not policy.may_see(self.user, type(document), "gross"):
            return ""
        return f"{document.currency_id} {amount_text(document.gross)}"

    def arguments(self):
        """What the operation's body takes; empty where nothing was asked. Raises Refusal for a quantity or amount that is none."""
        if not self.is_sent:
            return {}
        named = {}
        if self.operation.picks:
            named["quantities"] = {
                line.pk: self._number(QuantityField(), line.product, typed) for line, _possible, typed in self.lines if typed.strip()
            }
        if self.operation.allots:
            named["amounts"] = self._amounts()
        if self.operation.gathers:
            named["others"] = self.sources[1:]
        return named

    def _amounts(self):
        """{record id: amount}. Raises Refusal where an amount was typed for what is no longer among the choices."""
        amounts = {record.pk: self._number(AmountField(), record, typed) for record, _possible, typed in self.shares if typed.strip()}
        named = {f"amount-{key}" for key in amounts}
        if any(name.startswith("amount-") and text.strip() and name not in named for name, text in self.data.items()):
            raise Refusal(_("What can be chosen has changed meanwhile; look at the amounts again."))
        return amounts

    @staticmethod
    def _number(field, subject, typed):
        try:
            return field.formfield().clean(typed)
        except ValidationError as error:
            raise Refusal(_("%(product)s: %(problem)s") % {"product": subject, "problem": " ".join(error.messages)}) from None


class OperationPages:
    """Mixin: the operations of a record as buttons, and the address that carries them out.

    `operations`: names in the order of the buttons; None for all that are declared.
    """

    operations = None

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        return [
            path("<path:object_id>/do/<slug:codename>/", self.admin_site.admin_view(self.operation_view), name=name),
            *super().get_urls(),
        ]

    def offered(self):
        """The operations that may ever be a button here."""
        known = operations_of(self.model)
        if self.operations is not None:
            names = [getattr(one, "codename", one) for one in self.operations]
            known = [one for name in names for one in known if one.codename == name]
        return [one for one in known if not one.route_only]

    def buttons(self, request, obj):
        possible = [one for one in self.offered() if one.allowed(obj, request.user)]
        main = next((one for one in possible if one.is_step and not one.danger), None)
        buttons = [Button(one, self.link("do", obj.pk, one.codename), new_token(), one is main) for one in possible]
        return sorted(buttons, key=lambda one: (not one.is_main, one.operation.danger))

    def operation_view(self, request, object_id, codename):
        """GET: the dialog as a page. POST: do it, and go where the result is."""
        obj = self.found(request, object_id)
        operation = find_operation(self.model, codename)
        if operation is None or operation not in self.offered():
            raise Http404
        if request.method != "POST":
            return self.operation_page(request, obj, operation)
        asked = {name: request.POST.get(name, "").strip()[:LONGEST_TEXT] for name in operation.asks}
        choice = Choice(obj, operation, request)
        reason = codename + (f": {asked['reason']}" if asked.get("reason") else "")
        try:
            self._demand(asked)
            chosen = choice.arguments()
            response = write_once(
                request,
                f"{self.opts.label_lower}:{obj.pk}:{codename}",
                lambda: HttpResponseRedirect(self.after(request, obj, operation, operation(obj, by=request.user, **asked, **chosen))),
                kind="operation",
                reason=reason,
            )
        except REFUSALS as error:
            return self.operation_page(request, obj, operation, asked, sentence(error))
        return _redirect(request, response.url)

    @staticmethod
    def _demand(asked):
        for name, text in asked.items():
            if not text:
                raise Refusal(_("Fill in “%(name)s”: others will read it.") % {"name": ASKED.get(name, name)})

    def after(self, request, obj, operation, result):
        """Say what was done; answer the address of its result, or of the record."""
        if (
            isinstance(result, Model)
            and result._meta.concrete_model is not obj._meta.concrete_model
            or getattr(result, "pk", None) != obj.pk
        ):
            messages.success(
                request, _("%(name)s %(record)s was made.") % {"name": result._meta.verbose_name.capitalize(), "record": result}
            )
            try:
                return reverse(f"{self.admin_site.name}:{result._meta.app_label}_{result._meta.model_name}_change", args=[result.pk])
            except NoReverseMatch:
                return self.link("change", obj.pk)
        messages.success(request, _("%(record)s: %(label)s.") % {"record": obj, "label": operation.done_words(obj)})
        if not policy.may(request.user, "view", obj):
            return self.link("changelist")
        return self.link("change", obj.pk)

    def operation_page(self, request, obj, operation, texts=None, error=""):
        """The question; after a refusal with what was typed and why not."""
        button = Button(operation, self.link("do", obj.pk, operation.codename), request.POST.get(TOKEN) or new_token())
        context = {
            **self.admin_site.each_context(request),
            "title": operation.label,
            "original": obj,
            "button": button,
            "choice": Choice(obj, operation, request),
            "fields": [(name, label, (texts or {}).get(name, "")) for name, label in button.asks],
            "error": error,
            "back": self.link("change", obj.pk),
            "token_name": TOKEN,
        }
        request.current_app = self.admin_site.name
        is_part = bool(request.headers.get("HX-Request"))
        return TemplateResponse(request, "backoffice/operation_part.html" if is_part else "backoffice/operation.html", context)


def _redirect(request, to):
    """HTMX follows a header; a form follows a redirect."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = to
        return response
    return HttpResponseRedirect(to)
