"""The one form behind screens and inlines: it offers what the policy allows, keeps what is there, and checks what would be."""

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from models.base import policy
from models.base.policy import WRITE

LANGUAGES = (("en", "English"), ("zh-hans", "简体中文"), ("zh-hant", "繁體中文"))


class PolicyForm(forms.ModelForm):
    """A form for one person. A key keeps its present value even where it lies outside his range; the state after the change must
    lie inside it; what others changed meanwhile is kept or reported (`admin_config.merging`). `request` and `base` are set by the screen.
    """

    request = None
    base = None
    is_inline = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        levels = policy.fields(self.request.user, type(self.instance))
        for name, field in self.fields.items():
            if levels.get(name, WRITE) < WRITE and name != self.instance._meta.pk.name:
                field.disabled = True
            if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
                self._keep_current(name, field)

    def _keep_current(self, name, field):
        """Let the stored value stay valid, and name it without a query where it is loaded."""
        try:
            key = self.instance._meta.get_field(name)
        except FieldDoesNotExist:
            return
        current = getattr(self.instance, key.attname, None)
        if current is None:
            return
        field.queryset = field.queryset | field.queryset.model._base_manager.filter(pk=current)
        widget = getattr(field.widget, "widget", field.widget)
        if isinstance(widget, KeyPicker) and key.is_cached(self.instance):
            widget.known = {str(current): str(getattr(self.instance, name))}

    def _post_clean(self):
        self._merge()
        super()._post_clean()
        if self.errors:
            return
        if getattr(self.request, "refusal", "") and not self.is_inline:
            self.add_error(None, self.request.refusal)
        elif self.has_changed() and not self.is_inline:
            verb = "add" if self.instance._state.adding else "change"
            decision = policy.may(self.request.user, verb, self.instance)
            if not decision:
                self.add_error(None, f"{decision.why} {decision.grant}".strip())

    def _merge(self):
        """Compare what was typed with what the form was opened on and with what is stored now."""
        if self.base is None or self.instance._state.adding:
            return
        for name in list(self.changed_data):
            if name not in self.cleaned_data:
                continue
            field = self.instance._meta.get_field(name)
            mine, theirs, base = _raw(self.cleaned_data[name]), getattr(self.instance, field.attname), getattr(self.base, field.attname)
            if base == theirs:
                continue
            if mine == base:
                self.cleaned_data[name] = getattr(self.instance, name)
                self.changed_data.remove(name)
            elif mine != theirs:
                self.add_error(name, self.conflict(field))

    def conflict(self, field):
        """The sentence at a field that two people changed."""
        from models.audit.differences import in_words

        try:
            theirs = str(getattr(self.instance, field.name)) if field.is_relation else in_words(field, getattr(self.instance, field.attname))
        except ObjectDoesNotExist:
            theirs = ""
        who = str(getattr(self.instance, "changed_by", "") or "")
        return _("%(who)s changed this to “%(value)s” while you were editing. Save again to keep yours.") % {"who": who, "value": theirs}


def _raw(value):
    return value.pk if isinstance(value, Model) else value


class KeyPicker(AutocompleteSelect):
    """Search for the record a key points at. `known` {key: text} spares the query for the current value."""

    known = None

    def __init__(self, field, admin_site, attrs=None, choices=(), using=None):
        super().__init__(field, admin_site, {"data-theme": "admin-autocomplete", **(attrs or {})}, choices, using)
        self.attrs["class"] = "unfold-admin-autocomplete"

    def optgroups(self, name, value, attr=None):
        chosen = [str(one) for one in value if one not in (None, "")]
        if not chosen:
            return [(None, [self.create_option(name, "", "", False, 0)] if not self.is_required else [], 0)]
        if self.known and set(chosen) <= set(self.known):
            blank = [] if self.is_required else [self.create_option(name, "", "", False, 0)]
            return [(None, [*blank, *(self.create_option(name, key, self.known[key], True, 1) for key in chosen)], 0)]
        return super().optgroups(name, value, attr)


class NumberInput(UnfoldAdminTextInputWidget):
    """A number typed as text: separators and full-width digits are understood, the phone shows digits."""

    def __init__(self, attrs=None):
        super().__init__(attrs={"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})
        self.attrs["class"] = f"{self.attrs.get('class', '')} num".strip()


class DateInput(forms.DateInput):
    """The browser's own date field."""

    input_type = "date"

    def __init__(self, attrs=None, format="%Y-%m-%d"):
        super().__init__({"class": " ".join(INPUT_CLASSES), **(attrs or {})}, format)


class MomentInput(forms.DateTimeInput):
    """The browser's own field for a date and time, to the minute."""

    input_type = "datetime-local"

    def __init__(self, attrs=None, format="%Y-%m-%dT%H:%M"):
        super().__init__({"class": " ".join(INPUT_CLASSES), **(attrs or {})}, format)


class MomentField(forms.DateTimeField):
    """A moment to the minute; seconds that are stored do not count as a change."""

    widget = MomentInput

    def has_changed(self, initial, data):
        if hasattr(initial, "replace") and not isinstance(initial, str):
            initial = initial.replace(second=0, microsecond=0)
        return super().has_changed(initial, data)


class SmallSelect(UnfoldAdminSelectWidget):
    """A plain list of choices, for keys whose targets are few."""


class LabelsWidget(forms.MultiWidget):
    """One input per language."""

    template_name = "backoffice/widgets/labels.html"

    def __init__(self, attrs=None):
        inputs = {key: UnfoldAdminTextInputWidget(attrs={"lang": key, "placeholder": name, "aria-label": name}) for key, name in LANGUAGES}
        super().__init__(inputs, attrs)

    def decompress(self, value):
        value = value if isinstance(value, dict) else {}
        return [value.get(key, "") for key, _name in LANGUAGES]


class LabelsField(forms.MultiValueField):
    """A text in three languages, {"en": …, "zh-hans": …, "zh-hant": …}; one of them is enough."""

    widget = LabelsWidget

    def __init__(self, **kwargs):
        kwargs = {name: value for name, value in kwargs.items() if name in ("required", "label", "initial", "help_text", "disabled")}
        kwargs.setdefault("help_text", gettext_lazy("One language is enough; the others fall back on it."))
        super().__init__([forms.CharField(required=False, max_length=120) for _language in LANGUAGES], require_all_fields=False, **kwargs)

    def compress(self, values):
        return {key: text.strip() for (key, _name), text in zip(LANGUAGES, values or [], strict=False) if text and text.strip()}

    def clean(self, value):
        cleaned = super().clean(value)
        if self.required and not cleaned:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return cleaned or {}

    def has_changed(self, initial, data):
        texts = {key: (text or "").strip() for (key, _name), text in zip(LANGUAGES, data or [], strict=False) if (text or "").strip()}
        return texts != {key: text for key, text in (initial or {}).items() if text}


class ListedChoice(forms.ChoiceField):
    """A text chosen from a list that a function gives when the form is made, e.g. a record type."""

    def __init__(self, choices, **kwargs):
        self.listed = choices
        super().__init__(choices=choices, widget=UnfoldAdminSelectWidget(attrs={"class": " ".join(SELECT_CLASSES)}), **kwargs)

    def valid_value(self, value):
        return super().valid_value(value)
