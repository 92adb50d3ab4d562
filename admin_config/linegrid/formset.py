"""The lines of a document as a Django formset. The posted text is the truth: products are found by it, prices are made by the server."""

from decimal import Decimal
from functools import cached_property
from types import SimpleNamespace

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.models import BaseInlineFormSet, InlineForeignKeyField, construct_instance
from django.utils.translation import gettext as _

from admin_config.linegrid.lookup import Catalogue, Header
from models.base.fields import trimmed
from models.base.money import price_from_amount, round_half_up

RULE, MANUAL, BACK = "rule", "manual", "back"

# A new row in which none of these was typed is blank, whatever its defaults say.
TYPED = ("product", "quantity", "price", "amount", "remark")
# A change of one of these asks the price anew; a changed remark does not.
PRICED_BY = {"product", "unit", "quantity", "price", "price_source"}
DEFAULTS = {"discount": Decimal(100), "price_source": RULE, "tax_rate": Decimal(0)}


class RowKeyField(forms.Field):
    """The primary key of a row, checked against the rows already loaded instead of with a query each."""

    widget = forms.HiddenInput

    def __init__(self, formset, **kwargs):
        self.formset = formset
        super().__init__(**kwargs)

    def clean(self, value):
        key = self.formset.model._meta.pk.to_python(value) if value not in self.empty_values else None
        if key is None and self.required:
            raise ValidationError(self.error_messages["required"], code="required")
        return None if key is None else self.formset._existing_object(key)

    def has_changed(self, initial, data):
        return False


class ChoiceOfRow(forms.Field):
    """A key to one of few rows (a warehouse), loaded once for all lines."""

    widget = forms.Select
    default_error_messages = {"invalid_choice": forms.ModelChoiceField.default_error_messages["invalid_choice"]}

    def __init__(self, rows, **kwargs):
        self.rows = rows
        super().__init__(**kwargs)

    def to_python(self, value):
        if value in self.empty_values:
            return None
        key = str(getattr(value, "pk", value))
        if key not in self.rows:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return self.rows[key]

    def has_changed(self, initial, data):
        return str(getattr(initial, "pk", initial) or "") != str(data or "")


class LineForm(forms.ModelForm):
    """One line. `product` is the text that was typed: a code, barcode, name or initials; the formset finds what it means."""

    formset = None
    found = ()
    notice = ""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.chosen = None
        if not self.instance._state.adding:
            self.chosen = self.instance.product
            self.initial["product"] = self.chosen.code
            self.initial["amount"] = getattr(self.instance, "amount", None)

    def posted(self, name):
        """The posted text of a cell, without blanks around it; "" where it was not posted."""
        return str(self.data.get(self.add_prefix(name)) or "").strip() if self.is_bound else ""

    def has_changed(self):
        if self.is_bound and self.instance._state.adding and not any(self.posted(name) for name in TYPED if name in self.fields):
            return False
        return super().has_changed()

    def clean(self):
        cleaned = self.cleaned_data
        for name, default in DEFAULTS.items():
            if name in self.fields and name not in self._errors and cleaned.get(name) in (None, ""):
                cleaned[name] = default
                if name == "tax_rate" and self.chosen is not None:
                    self._take_tax()
        self._check_product()
        self._check_unit()
        self._check_quantity()
        for name in ("price", "discount", "tax_rate"):
            if (cleaned.get(name) or 0) < 0:
                self.add_error(name, _("This cannot be negative."))
        self._take_back_price()
        return cleaned

    def _take_tax(self):
        """Where no rate was typed, the product says how it is taxed."""
        self.cleaned_data["tax_rate"] = self.chosen.tax_borne
        if self.chosen.is_exempt and "is_exempt" in self.fields:
            self.cleaned_data["is_exempt"] = True

    def _check_product(self):
        if "product" not in self.fields or "product" in self._errors or self.chosen is not None:
            return
        text = self.posted("product")
        if not text:
            self.add_error("product", _("Which product? Type a code, name or barcode."))
        elif len(self.found) > 1:
            some = ", ".join(product.code for product in self.found[:5])
            self.add_error("product", _("“%(text)s” fits several products: %(codes)s. Choose one.") % {"text": text, "codes": some})
        else:
            self.add_error("product", _("No product “%(text)s” is on sale. Press F7 to look it up.") % {"text": text})

    def _check_unit(self):
        """Find the unit; the one already stored stays good when the product has lost it since."""
        self.unit = None
        if self.chosen is None or not self.formset.grid.has_units:
            return
        wanted = self.cleaned_data.get("unit", self.instance.unit)
        self.unit = self.formset.catalogue.unit_for(self.chosen, wanted, self.posted("product"))
        if self.unit is not None:
            if "unit" in self.fields:
                self.cleaned_data["unit"] = self.unit.name
            else:
                self.instance.unit = self.unit.name
        elif wanted != self.initial.get("unit") and "unit" in self.fields:
            names = ", ".join(unit.name for unit in self.formset.catalogue.units(self.chosen))
            self.add_error("unit", _("This product is sold in %(units)s.") % {"units": names})

    def _check_quantity(self):
        if "quantity" not in self.fields or "quantity" in self._errors:
            return
        quantity = self.cleaned_data.get("quantity")
        if quantity is None:
            self.add_error("quantity", _("How many?"))
        elif quantity < 0 or (quantity == 0 and not self.formset.grid.allows_zero):
            self.add_error("quantity", _("The quantity must be more than 0."))
        elif self.unit is not None and round_half_up(quantity, self.unit.decimals) != quantity:
            self.add_error(
                "quantity",
                _("%(unit)s is counted with %(decimals)s decimals.") % {"unit": self.unit.name, "decimals": self.unit.decimals},
            )

    def _take_back_price(self):
        """Where the amount was entered, the price follows from it."""
        cleaned = self.cleaned_data
        if cleaned.get("price_source") != BACK or cleaned.get("amount") is None or "price" not in self.fields:
            cleaned.pop("amount", None)  # only the result of the other columns
            return
        price = price_from_amount(cleaned["amount"], cleaned.get("quantity") or 0, cleaned.get("discount", Decimal(100)))
        if price is not None:
            cleaned["price"] = price
        elif cleaned.get("price") is None:
            self.add_error("amount", _("The price cannot be computed from this amount."))

    def _post_clean(self):
        """Fill and check the instance without a query: no uniqueness, no constraints, no keys that were loaded beforehand."""
        exclude = self._get_validation_exclusions()
        exclude |= {name for name, field in self.fields.items() if isinstance(field, InlineForeignKeyField | ChoiceOfRow)}
        assigned = list(self._meta.fields)
        if "price" in assigned and self.cleaned_data.get("price") is None:
            assigned.remove("price")  # the server's own follows
            exclude.add("price")
        try:
            self.instance = construct_instance(self, self.instance, assigned)
            self._fill_from_product()
            self.instance.clean_fields(exclude=exclude)
            self.instance.clean()
        except ValidationError as error:
            known = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
            for name, messages in known.items():
                if name not in self._errors:
                    self.add_error(name if name in self.fields else None, messages)

    def _fill_from_product(self):
        if self.chosen is None:
            return
        self.instance.product = self.chosen
        is_new = self.instance._state.adding
        if self.unit is not None and hasattr(self.instance, "factor") and (is_new or {"product", "unit"} & set(self.changed_data)):
            self.instance.factor = self.unit.factor
        if hasattr(self.instance, "cost") and (is_new or "product" in self.changed_data):
            self.instance.cost = self.chosen.cost
        if is_new and "tax_rate" not in self.fields and hasattr(self.instance, "tax_rate"):
            self.instance.tax_rate = self.chosen.tax_borne
        if is_new and "is_exempt" not in self.fields and hasattr(self.instance, "is_exempt"):
            self.instance.is_exempt = self.chosen.is_exempt

    def validate_unique(self):
        """Nothing in a line is unique but its position, and that is assigned."""

    # -- prices --------------------------------------------------------------------------------------------------------

    @property
    def needs_price(self):
        """True where the server must have its say about the price."""
        if self.errors or self.chosen is None or not self.has_changed():
            return False
        return self.instance._state.adding or bool(PRICED_BY & set(self.changed_data))

    @property
    def source(self):
        """How the price came about: rule, manual or back."""
        return self.cleaned_data.get("price_source") or getattr(self.instance, "price_source", RULE) or RULE

    @property
    def price_item(self):
        """What pricing is asked: product, unit, quantity."""
        return self.chosen, self.unit.name if self.unit else self.instance.unit, self.instance.quantity or Decimal(1)

    def take_price(self, price):
        """Write the server's price where the row follows the rule, else compare the entered one with the floor."""
        if hasattr(self.instance, "list_price"):
            self.instance.list_price = price.list_price
        if self.source == RULE:
            self._follow_rule(price)
        elif self.cleaned_data.get("price") is None and "price" in self.fields:
            self.add_error("price", _("Enter a price."))
        else:
            self.instance.price_rule = ""
            discount = self.cleaned_data.get("discount", Decimal(100))
            if not getattr(self.instance, "is_gift", False) and self.formset.catalogue.is_below_floor(price, self.instance.price, discount):
                self.notice = _("%(product)s: the price is below the floor and needs approval.") % {"product": self.chosen.name}

    def _follow_rule(self, price):
        if price.price is None:
            self.add_error("price" if "price" in self.fields else None, _("There is no price for this product. Enter one."))
            return
        seen = self.cleaned_data.get("price")
        self.instance.price, self.instance.price_rule = price.price, str(price.rule)
        if seen is not None and round_half_up(seen, 6) != round_half_up(price.price, 6):
            self.notice = _("%(product)s: the price is now %(new)s (%(rule)s), it was %(old)s.") % {
                "product": self.chosen.name,
                "new": trimmed(price.price, 2),
                "old": trimmed(seen, 2),
                "rule": price.rule,
            }


class LineFormSet(BaseInlineFormSet):
    """All lines of a document: products found with one look-up, prices made with one, totals computed once after saving.

    `grid` is the inline, `user` the person, `is_editable` false where he may only look. `notices` are sentences about what the
    server decided otherwise.
    """

    grid = user = None
    is_editable = True

    @cached_property
    def catalogue(self):
        return Catalogue(self.grid, self.user)

    @property
    def header(self):
        return Header.of(self.instance, self.grid)

    @property
    def notices(self):
        return [form.notice for form in self.forms if form.notice and not self._is_deleted(form)] if self.is_bound else []

    def _is_deleted(self, form):
        return self.can_delete and self._should_delete_form(form)

    @property
    def initial_forms(self):
        """The forms of the stored lines. A fresh page draws the lines themselves, so there they only stand for them: 40 ms at 200 lines."""
        if self.is_bound:
            return super().initial_forms
        return [SimpleNamespace(instance=line, initial={}, errors={}) for line in self.get_queryset()]

    def is_multipart(self):
        """Lines hold no files."""
        return False

    def _construct_form(self, i, **kwargs):
        form = super()._construct_form(i, **kwargs)
        form.formset = self
        return form

    def add_fields(self, form, index):
        super().add_fields(form, index)
        key = self.model._meta.pk.name
        form.fields[key] = RowKeyField(self, required=False, initial=form.instance.pk)

    def full_clean(self):
        if self.is_bound and self.is_editable:
            self._find_products()
        super().full_clean()

    def _find_products(self):
        """Give each form the product its text means, with one look-up for all."""
        asking = {}
        for form in self.forms:
            text = form.posted("product")
            if "product" in form.fields and text and text != form.initial.get("product"):
                asking.setdefault(text, []).append(form)
        found = self.catalogue.resolve(asking) if asking else {}
        for text, forms_ in asking.items():
            for form in forms_:
                form.found = found.get(text, [])
                form.chosen = form.found[0] if len(form.found) == 1 else None
        for form in self.forms:
            if "product" in form.fields and not form.posted("product"):
                form.chosen = None
        self.catalogue.load_units([form.chosen for form in self.forms if form.chosen is not None])

    def clean(self):
        """Make the prices, and give rows without a position the next one."""
        if not self.is_editable:
            return
        kept = [form for form in self.forms if not self._is_deleted(form)]
        if self.grid.has_prices and self.grid.pricing is not None:
            asking = [form for form in kept if form.needs_price]
            prices = self.catalogue.prices([form.price_item for form in asking], self.header)
            for form, price in zip(asking, prices, strict=True):
                form.take_price(price)
        last = max((form.instance.position or 0 for form in kept), default=0)
        for form in kept:
            if not form.instance.position and form.has_changed():
                last += 1
                form.instance.position = last

    def save(self, commit=True):
        """Save the rows with their amounts, then the document's totals."""
        if self.is_editable and hasattr(self.model, "amount") and hasattr(self.instance, "compute"):
            kept = [form.instance for form in self.forms if not self._is_deleted(form) and (form.instance.pk or form.has_changed())]
            self.instance.compute(kept)
        saved = super().save(commit=commit)
        if commit and hasattr(self.instance, "recompute"):
            self.instance.recompute()
        return saved
