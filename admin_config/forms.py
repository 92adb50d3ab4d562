"""The one form behind screens and inlines: it offers what the policy allows, keeps what is there, and checks what would be."""

from django import forms
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from admin_config.merging import merge
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
        field.offered = field.queryset
        current = field.current = getattr(self.instance, key.attname, None)
        if current is None:
            return
        field.queryset = field.queryset | field.queryset.model._base_manager.filter(pk=current)
        if isinstance(field.widget, KeyPicker) and key.is_cached(self.instance):
            field.widget.known[str(current)] = str(getattr(self.instance, name))

    def _post_clean(self):
        merge(self)
        super()._post_clean()
        if self.errors:
            return
        if getattr(self.request, "refusal", "") and not self.is_inline:
            field = getattr(self.request, "refused_field", None)
            self.add_error(field if field in self.fields else None, self.request.refusal)
        elif self.has_changed() and not self.is_inline:
            verb = "add" if self.instance._state.adding else "change"
            decision = policy.may(self.request.user, verb, self.instance)
            if not decision:
                self.add_error(None, f"{decision.why} {decision.grant}".strip())


class KeyPicker(forms.Widget):
    """Type to search for the record a key points at; the text is an ordinary input, so that every input method works in it.

    `known` {key: text} spares the query for the current value. `add_link`: where a new record is made in passing, or "".
    `within`: the field of the form whose value narrows the search, or "".
    """

    template_name = "backoffice/widgets/picker.html"
    choices = ()
    add_link = ""

    def __init__(self, field, attrs=None, within=""):
        super().__init__(attrs)
        self.field, self.within, self.known = field, within, {}

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        options = self.field.model._meta
        query = urlencode({"app_label": options.app_label, "model_name": options.model_name, "field_name": self.field.name})
        context |= {
            "search": f"{reverse('admin:autocomplete')}?{query}",
            "text": self.text_of(value),
            "label": self.field.verbose_name,
            "add_link": self.add_link,
            "within": self.within,
        }
        return context

    def text_of(self, value):
        """What the current value is called."""
        if value in (None, ""):
            return ""
        if str(value) not in self.known:
            target = self.field.target_field
            try:
                found = self.field.related_model._base_manager.filter(**{target.name: target.to_python(value)}).first()
            except ValidationError:
                found = None
            self.known[str(value)] = str(found) if found is not None else ""
        return self.known[str(value)]

    def __deepcopy__(self, memo):
        copied = super().__deepcopy__(memo)
        copied.known = {}
        return copied


class SharedChoices(forms.models.ModelChoiceIterator):
    """The choices of a key in many rows, read once for all of them; a row's own value is added where it is none of them.

    `field.kept` is shared by the copies that the forms of a formset make of the field.
    """

    def __iter__(self):
        field = self.field
        if field.empty_label is not None:
            yield "", field.empty_label
        if "choices" not in field.kept:
            field.kept["choices"] = [self.choice(one) for one in getattr(field, "offered", field.queryset)]
        yield from field.kept["choices"]
        current = getattr(field, "current", None)
        if current is not None and all(value != current for value, _text in field.kept["choices"]):
            yield from (self.choice(one) for one in field.queryset.filter(pk=current))


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
            raise ValidationError(self.error_messages["required"], code="required")
        return cleaned or {}

    def has_changed(self, initial, data):
        texts = {key: (text or "").strip() for (key, _name), text in zip(LANGUAGES, data or [], strict=False) if (text or "").strip()}
        return texts != {key: text for key, text in (initial or {}).items() if text}


class ListedChoice(forms.ChoiceField):
    """A text chosen from a list that a function gives when the form is made, e.g. a record type."""

    def __init__(self, choices, **kwargs):
        self.listed = choices
        super().__init__(choices=choices, widget=UnfoldAdminSelectWidget(attrs={"class": " ".join(SELECT_CLASSES)}), **kwargs)


class Settled(forms.HiddenInput):
    """A choice that is made: its text, and the value carried along. A list of dozens of choices in each of a hundred rows is slow."""

    input_type = "hidden"
    is_hidden = False
    template_name = "backoffice/widgets/settled.html"

    def __init__(self, choices, attrs=None):
        super().__init__(attrs)
        self.choices = choices

    def get_context(self, name, value, attrs):
        return super().get_context(name, value, attrs) | {"text": dict(self.choices).get(value, value)}


class SettledForm(PolicyForm):
    """A row whose `settled` choices are made once: to choose others, the row is deleted and a new one added."""

    settled = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            for name in self.settled:
                if name in self.fields:
                    self.fields[name].widget = Settled(self.fields[name].choices)
