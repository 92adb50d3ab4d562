"""Choosing where goods go: the customer's addresses in a list beside the text, which may still be typed."""

from unfold.widgets import SELECT_CLASSES, UnfoldAdminTextInputWidget

from models.base import policy
from models.customers.models import Address


class AddressInput(UnfoldAdminTextInputWidget):
    """A text with a list beside it; choosing there fills it. The list is not sent."""

    template_name = "backoffice/widgets/address.html"
    addresses = ()

    def get_context(self, name, value, attrs):
        return super().get_context(name, value, attrs) | {"addresses": self.addresses, "css": " ".join(SELECT_CLASSES)}


class AddressChoice:
    """Mixin for the screen of a document with a customer: `address_field` is chosen among his addresses."""

    address_field = "delivery_address"

    def addresses_of(self, request, customer):
        """The texts of a customer's addresses that the person may see, the default first. `customer`: its key, as text or number."""
        if not str(customer or "").isdecimal() or not policy.may_see(request.user, Address, "street"):
            return []
        return [one.title() for one in policy.scope(request.user, Address).filter(customer=int(customer)).order_by(*Address._meta.ordering)]

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        field = form.base_fields.get(self.address_field)
        if field is not None:
            sent = request.POST.get("customer") or request.GET.get("customer")
            field.widget = AddressInput()
            field.widget.is_required = field.required
            field.widget.addresses = self.addresses_of(request, sent or getattr(obj, "customer_id", None))
        return form

    def choices_for(self, request, customer):
        return super().choices_for(request, customer) | {self.address_field: self.addresses_of(request, customer.pk)}
