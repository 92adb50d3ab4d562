"""What administrators set up without a programmer: option lists and number rules."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from models.base import words
from models.base.records import TrackedModel

COLOURS = [
    ("grey", _("Grey")),
    ("blue", _("Blue")),
    ("green", _("Green")),
    ("orange", _("Orange")),
    ("red", _("Red")),
    ("teal", _("Teal")),
    ("purple", _("Purple")),
]


def in_language(labels):
    """The text of {"en": …, "zh-hans": …, "zh-hant": …} in the active language, else in the first that has one."""
    if not isinstance(labels, dict):
        return str(labels or "")
    language = (get_language() or "en").lower()
    for key in (language, language.split("-")[0], "zh-hans", "en", "zh-hant"):
        if labels.get(key):
            return str(labels[key])
    return next((str(text) for text in labels.values() if text), "")


class OptionList(TrackedModel):
    """A list of choices by its code, e.g. customer_type."""

    PUBLIC = True

    code = models.SlugField(_("code"), max_length=40, unique=True)
    labels = models.JSONField(_("labels"), default=dict)

    class Meta:
        verbose_name = _("option list")
        verbose_name_plural = _("option lists")
        ordering = ["code"]

    def title(self):
        return in_language(self.labels) or self.code


class Option(TrackedModel):
    """One choice of a list, with its label in three languages, its colour and place."""

    PUBLIC = True

    option_list = models.ForeignKey(OptionList, models.PROTECT, related_name="options", verbose_name=_("option list"))
    code = models.SlugField(_("code"), max_length=40)
    labels = models.JSONField(_("labels"), default=dict)
    colour = models.CharField(_("colour"), max_length=10, choices=COLOURS, default="grey")
    position = models.PositiveIntegerField(_("position"), default=0)
    is_default = models.BooleanField(_("default"), default=False)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("option")
        verbose_name_plural = _("options")
        ordering = ["option_list", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["option_list", "code"], name="lowcode_option_code")]

    def title(self):
        return in_language(self.labels) or self.code


class NumberRule(TrackedModel):
    """How documents of a kind are numbered, e.g. “XSDD-{yyyy}{mm}-{n:4}”, counted anew each month, in each company by itself.

    Companies that should not draw equal numbers have {company} in the pattern.
    """

    PUBLIC = True
    IN_WORDS = {"document": lambda code, _rule: words.document(code)}

    class Reset(models.TextChoices):
        NEVER = "never", _("Never")
        YEAR = "year", _("Each year")
        MONTH = "month", _("Each month")
        DAY = "day", _("Each day")

    document = models.CharField(_("document"), max_length=40, unique=True)
    pattern = models.CharField(_("pattern"), max_length=60)
    reset = models.CharField(_("counts anew"), max_length=6, choices=Reset.choices, default=Reset.MONTH)

    class Meta:
        verbose_name = _("number rule")
        verbose_name_plural = _("number rules")
        ordering = ["document"]

    def title(self):
        return f"{words.document(self.document)}: {self.pattern}"

    def clean(self):
        from models.lowcode.numbers import problem_of

        problem = problem_of(self.pattern, self.reset)
        if problem:
            raise ValidationError({"pattern": problem})


class NumberCounter(models.Model):
    """The last number drawn in a series. Locked last, in the transaction of the document, so that no number is lost or doubled."""

    company = models.ForeignKey("org.Company", models.PROTECT, related_name="+")
    document = models.CharField(max_length=40)
    period = models.CharField(max_length=8, blank=True)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "document", "period"], name="lowcode_counter_series")]


from models.lowcode.imports import ExportRun, ImportMapping, ImportRun  # noqa: E402, F401
from models.lowcode.views import SavedView  # noqa: E402, F401
