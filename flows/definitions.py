"""Approval chains as data: for which documents, under which conditions, and who decides at each level."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from models.base.records import TrackedModel
from models.lowcode.models import in_language


def document_choices():
    """[(code, name)] of the documents that have a route."""
    from flows.routes import documents

    return [(code, str(model._meta.verbose_name).capitalize()) for code, model in documents().items()]


def fact_choices():
    """[(name, label)] of everything a condition may ask."""
    from flows.facts import FACTS

    return [(fact.name, fact.label) for fact in FACTS.values()]


def condition_value(condition):
    """What a condition compares with: 50,000.00, 84 %, yes."""
    from flows.facts import FACTS, YES, YES_NO, shown

    fact = FACTS.get(condition.fact)
    if fact is None:
        return condition.value
    return condition.value.strip().lower() in YES if fact.kind == YES_NO else shown(fact, condition.value)


class Match(models.TextChoices):
    """How several conditions count together."""

    ALL = "all", _("All conditions hold")
    ANY = "any", _("At least one condition holds")


class ApprovalChain(TrackedModel):
    """Who decides on documents of one kind. Of the active chains that fit, the one with the lowest priority number is taken."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    document = models.CharField(_("document"), max_length=20, choices=document_choices)
    labels = models.JSONField(_("name"), default=dict)
    company = models.ForeignKey(
        "org.Company",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("company"),
        related_name="+",
        help_text=_("Empty: every company."),
    )
    priority = models.PositiveIntegerField(_("priority"), default=100, help_text=_("The lowest number that fits is taken."))
    match = models.CharField(_("taken when"), max_length=3, choices=Match.choices, default=Match.ALL)
    fallback_employee = models.ForeignKey(
        "org.Employee", models.PROTECT, null=True, blank=True, verbose_name=_("fallback person"), related_name="+"
    )
    fallback_role = models.ForeignKey("org.Role", models.PROTECT, null=True, blank=True, verbose_name=_("fallback role"), related_name="+")
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("approval chain")
        verbose_name_plural = _("approval chains")
        ordering = ["document", "priority", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(fallback_employee__isnull=False) | Q(fallback_role__isnull=False), name="flows_approvalchain_fallback"
            )
        ]

    def title(self):
        return in_language(self.labels) or self.code

    def clean(self):
        super().clean()
        if not self.fallback_employee_id and not self.fallback_role_id:
            raise ValidationError({"fallback_role": _("Name who decides when nobody else can be found: a person or a role.")})


class ChainLevel(TrackedModel):
    """One step of a chain. It is asked when its conditions hold, or always if it has none."""

    GOVERNED_BY = "chain"

    class Mode(models.TextChoices):
        ANY = "any", _("One of them decides")
        ALL = "all", _("All of them agree")
        SEQUENCE = "sequence", _("One after the other")

    class OnTimeout(models.TextChoices):
        TELL = "tell", _("Tell the superior")
        HAND_OVER = "hand_over", _("Hand over to the superior")

    chain = models.ForeignKey(ApprovalChain, models.CASCADE, related_name="levels", verbose_name=_("approval chain"))
    position = models.PositiveIntegerField(_("position"), default=1)
    labels = models.JSONField(_("name"), default=dict)
    mode = models.CharField(_("mode"), max_length=8, choices=Mode.choices, default=Mode.ANY)
    match = models.CharField(_("asked when"), max_length=3, choices=Match.choices, default=Match.ANY)
    reminder_hours = models.PositiveIntegerField(_("reminder after working hours"), default=8, help_text=_("0: no reminder."))
    escalation_hours = models.PositiveIntegerField(_("escalation after working hours"), default=16, help_text=_("0: no escalation."))
    on_timeout = models.CharField(_("escalation"), max_length=9, choices=OnTimeout.choices, default=OnTimeout.TELL)

    class Meta:
        verbose_name = _("approval level")
        verbose_name_plural = _("approval levels")
        ordering = ["position", "id"]

    def title(self):
        return in_language(self.labels) or f"{self.position}"

    def clean(self):
        super().clean()
        if self.reminder_hours and self.escalation_hours and self.escalation_hours < self.reminder_hours:
            raise ValidationError({"escalation_hours": _("The escalation must not come before the reminder.")})


class ChainApprover(TrackedModel):
    """Who decides at a level. Superiors, heads of departments and regions are found from the document's owner."""

    GOVERNED_BY = "level"

    class Kind(models.TextChoices):
        EMPLOYEE = "employee", _("A person")
        ROLE = "role", _("Whoever holds a role")
        SUPERIOR = "superior", _("Superior of the owner")
        DEPARTMENT_HEAD = "department_head", _("Head of the department")
        REGION_HEAD = "region_head", _("Responsible for the sales region")

    level = models.ForeignKey(ChainLevel, models.CASCADE, related_name="approvers", verbose_name=_("approval level"))
    position = models.PositiveIntegerField(_("position"), default=1)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    employee = models.ForeignKey("org.Employee", models.PROTECT, null=True, blank=True, verbose_name=_("employee"), related_name="+")
    role = models.ForeignKey(
        "org.Role",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("role"),
        related_name="+",
        help_text=_("With a superior: the nearest superior who holds this role."),
    )
    steps = models.PositiveSmallIntegerField(_("levels up"), default=1)

    class Meta:
        verbose_name = _("approver")
        verbose_name_plural = _("approvers")
        ordering = ["position", "id"]

    def title(self):
        if self.kind == self.Kind.EMPLOYEE and self.employee_id:
            return self.employee.title()
        if self.role_id:
            return f"{self.get_kind_display()}: {self.role.title()}"
        return self.get_kind_display()

    def clean(self):
        super().clean()
        if self.kind == self.Kind.EMPLOYEE and not self.employee_id:
            raise ValidationError({"employee": _("Choose the person.")})
        if self.kind == self.Kind.ROLE and not self.role_id:
            raise ValidationError({"role": _("Choose the role.")})
        if not self.steps:
            raise ValidationError({"steps": _("At least one level up.")})


class ChainCondition(TrackedModel):
    """A comparison of a fact about the document with a value. Without a level it decides whether the chain fits at all."""

    GOVERNED_BY = "chain"
    IN_WORDS = {"value": lambda _value, condition: condition_value(condition)}

    class Operator(models.TextChoices):
        MORE = ">", ">"
        AT_LEAST = ">=", "≥"
        LESS = "<", "<"
        AT_MOST = "<=", "≤"
        EQUAL = "=", "="
        ONE_OF = "in", _("one of")
        IS = "is", _("is")

    chain = models.ForeignKey(ApprovalChain, models.CASCADE, related_name="conditions", verbose_name=_("approval chain"), blank=True)
    level = models.ForeignKey(
        ChainLevel, models.CASCADE, null=True, blank=True, related_name="conditions", verbose_name=_("approval level")
    )
    fact = models.CharField(_("fact"), max_length=40, choices=fact_choices)
    operator = models.CharField(_("operator"), max_length=2, choices=Operator.choices, default=Operator.MORE)
    value = models.CharField(
        pgettext_lazy("condition", "value"), max_length=200, help_text=_("A number; yes or no; codes separated by commas for “one of”.")
    )

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        ordering = ["id"]

    def title(self):
        from flows.facts import sentence

        return sentence({"fact": self.fact, "operator": self.operator, "value": self.value})

    def clean(self):
        super().clean()
        from flows.facts import problem_of

        chain = self.level.chain if self.level is not None else getattr(self, "chain", None)
        if problem := problem_of(self, chain.document if chain is not None else ""):
            raise ValidationError({"value": problem})

    def save(self, *args, **kwargs):
        if self.level_id:
            self.chain_id = self.level.chain_id
        super().save(*args, **kwargs)
