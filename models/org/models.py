"""Who works here and what each may do: companies, departments, regions, employees, users, roles."""

from decimal import Decimal

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from models.base import words
from models.base.fields import PercentField, RateField
from models.base.protocols import open_changes
from models.base.records import TrackedModel


class Currency(TrackedModel):
    """A currency by its ISO code, with the decimals its amounts are rounded to."""

    PUBLIC = True

    code = models.CharField(_("code"), max_length=3, primary_key=True)
    name = models.CharField(_("name"), max_length=40)
    symbol = models.CharField(_("symbol"), max_length=4, blank=True)
    decimals = models.PositiveSmallIntegerField(_("decimals"), default=2)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("currency")
        verbose_name_plural = _("currencies")
        ordering = ["code"]

    def title(self):
        return self.code

    def clean(self):
        self.code = (self.code or "").upper()
        if self.decimals is not None and self.decimals > 3:
            raise ValidationError({"decimals": _("At most three decimals.")})


class ExchangeRate(TrackedModel):
    """How much of the base currency one unit of `currency` is worth from a date on."""

    PUBLIC = True

    currency = models.ForeignKey(Currency, models.PROTECT, related_name="rates", verbose_name=_("currency"))
    valid_from = models.DateField(_("valid from"))
    rate = RateField(_("exchange rate"))

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["currency", "-valid_from"]
        constraints = [models.UniqueConstraint(fields=["currency", "valid_from"], name="org_exchangerate_day")]

    def title(self):
        return f"{self.currency_id} {self.valid_from}"


class Company(TrackedModel):
    """A legal unit whose books are kept here; a branch names its parent."""

    PUBLIC = True

    class ArisesAt(models.TextChoices):
        """Where a debt arises."""

        ORDER = "order", _("When the order is approved")
        DISPATCH = "dispatch", _("When the goods are dispatched")
        SIGNED = "signed", _("When the customer has signed")

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=120)
    short_name = models.CharField(_("short name"), max_length=40, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name=_("head office"), related_name="branches")
    currency = models.ForeignKey(Currency, models.PROTECT, verbose_name=_("currency"), default="CNY", related_name="+")
    prices_include_tax = models.BooleanField(_("prices include tax"), default=True)
    debt_arises = models.CharField(_("debt arises"), max_length=10, choices=ArisesAt.choices, default=ArisesAt.DISPATCH)
    tax_number = models.CharField(_("unified social credit code"), max_length=30, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    bank = models.CharField(_("bank"), max_length=80, blank=True)
    bank_account = models.CharField(_("bank account"), max_length=40, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ["code"]

    def title(self):
        return self.short_name or self.name


class TreeModel(TrackedModel):
    """A node of a tree kept as parent keys; at some hundreds of nodes a subtree is resolved in memory from one query."""

    MAXIMUM_DEPTH = None

    class Meta:
        abstract = True

    @classmethod
    def with_descendants(cls, ids):
        """The keys `ids` and of everything below them. One query."""
        children = {}
        for key, parent in cls._base_manager.values_list("pk", "parent_id"):
            children.setdefault(parent, []).append(key)
        found, waiting = set(), list(ids)
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting += children.get(key, [])
        return found

    def ancestors(self):
        """From the parent up to the root."""
        node, seen = self.parent, {self.pk}
        while node is not None and node.pk not in seen:
            seen.add(node.pk)
            yield node
            node = node.parent

    def clean(self):
        super().clean()
        if self.pk and self.parent_id and self.parent_id in type(self).with_descendants([self.pk]):
            raise ValidationError({"parent": _("A node cannot lie below itself.")})
        if self.MAXIMUM_DEPTH and self.parent_id and len(list(self.parent.ancestors())) + 2 > self.MAXIMUM_DEPTH:
            raise ValidationError({"parent": _("At most %(depth)s levels.") % {"depth": self.MAXIMUM_DEPTH}})


class Department(TreeModel):
    """A unit of the organisation, with the person who heads it."""

    PUBLIC = True

    company = models.ForeignKey(Company, models.PROTECT, verbose_name=_("company"), related_name="departments")
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name=_("parent"), related_name="children")
    manager = models.ForeignKey(
        "org.Employee", models.PROTECT, null=True, blank=True, verbose_name=_("department head"), related_name="heads"
    )
    is_active = models.BooleanField(_("enabled"), default=True)

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="org_department_code")]

    def title(self):
        return self.name


class Region(TreeModel):
    """A node of the sales network, up to three levels, with a responsible person."""

    PUBLIC = True
    MAXIMUM_DEPTH = 3

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name=_("parent"), related_name="children")
    manager = models.ForeignKey(
        "org.Employee", models.PROTECT, null=True, blank=True, verbose_name=_("responsible person"), related_name="+"
    )
    is_active = models.BooleanField(_("enabled"), default=True)

    class Meta:
        verbose_name = _("sales region")
        verbose_name_plural = _("sales regions")
        ordering = ["code"]

    def title(self):
        return self.name


class Position(TrackedModel):
    """A post, with the lowest discount its holders may give by themselves (percentage paid; 95 = 95 %)."""

    PUBLIC = True

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)
    discount_floor = PercentField(_("discount floor (% paid)"), default=Decimal(100))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = pgettext_lazy("job", "position")
        verbose_name_plural = pgettext_lazy("job", "positions")
        ordering = ["code"]

    def title(self):
        return self.name


class Employee(TrackedModel):
    """A person who works here, with or without a log-in. Owners, handlers and approvers are employees."""

    PUBLIC = True

    class Status(models.TextChoices):
        TRIAL = "trial", _("On trial")
        EMPLOYED = "employed", _("Employed")
        LEFT = "left", _("Left")

    company = models.ForeignKey(Company, models.PROTECT, verbose_name=_("company"), related_name="employees")
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, verbose_name=_("department"), related_name="employees"
    )
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name=_("sales region"), related_name="employees")
    position = models.ForeignKey(
        Position, models.PROTECT, null=True, blank=True, verbose_name=pgettext_lazy("job", "position"), related_name="employees"
    )
    superior = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name=_("direct superior"), related_name="subordinates"
    )
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    hired_on = models.DateField(_("hired on"), null=True, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.EMPLOYED)

    class Meta:
        verbose_name = _("employee")
        verbose_name_plural = _("employees")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="org_employee_code")]

    def title(self):
        return self.name

    @property
    def discount_floor(self):
        """The percentage paid below which this person needs an approval."""
        return self.position.discount_floor if self.position_id else Decimal(100)


class Assistance(TrackedModel):
    """A sales assistant who enters for a salesperson: she works on his records as if they were hers."""

    PUBLIC = True

    assistant = models.ForeignKey(Employee, models.CASCADE, verbose_name=_("sales assistant"), related_name="assists")
    salesperson = models.ForeignKey(Employee, models.CASCADE, verbose_name=_("salesperson"), related_name="assisted_by")

    class Meta:
        verbose_name = _("assistance")
        verbose_name_plural = _("assistances")
        constraints = [models.UniqueConstraint(fields=["assistant", "salesperson"], name="org_assistance_pair")]

    def title(self):
        return f"{self.assistant.name} → {self.salesperson.name}"


class UserManager(BaseUserManager):
    """Makes log-ins for createsuperuser and tests, each in a change set (createsuperuser asks its questions outside of any)."""

    def create_user(self, username, password=None, **fields):
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        with open_changes("command", reason=f"create_user: {user.username}"):
            user.save(using=self._db)
        return user

    def create_superuser(self, username, password=None, **fields):
        return self.create_user(username, password, is_superuser=True, **fields)


class User(AbstractBaseUser, TrackedModel):
    """A log-in. What it may do comes from the roles of its employee; a superuser is the system's administrator."""

    UNTRACKED_COLUMNS = ("last_login", "password")

    username = models.CharField(_("user name"), max_length=60, unique=True, validators=[UnicodeUsernameValidator()])
    employee = models.OneToOneField(Employee, models.PROTECT, null=True, blank=True, verbose_name=_("employee"), related_name="user")
    language = models.CharField(
        _("language"), max_length=10, blank=True, choices=[("en", "English"), ("zh-hans", "简体中文"), ("zh-hant", "繁體中文")]
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_superuser = models.BooleanField(_("administrator"), default=False)

    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]

    def title(self):
        return self.employee.name if self.employee_id else self.username

    get_full_name = get_short_name = __str__ = title

    @property
    def is_staff(self):
        """Everybody with a log-in works in the admin screens; what they see there the policy says."""
        return self.is_active

    def has_perm(self, permission, obj=None):
        """Django's question, answered by the policy: "sales.view_order" or "sales.dispatch_delivery"."""
        from models.org.backends import has_permission

        return has_permission(self, permission, obj)

    def has_perms(self, permissions, obj=None):
        return all(self.has_perm(permission, obj) for permission in permissions)

    def has_module_perms(self, area):
        """True if any role grants anything in the area."""
        from models.base.policy import _access

        access = _access(self)
        return access.is_administrator or any(kind.split(".")[0] == area for kind, _verb in access.atoms)


class Role(TrackedModel):
    """A set of rights that employees hold."""

    PUBLIC = True

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["code"]

    def title(self):
        return self.name


class Scope(models.TextChoices):
    """Whose records a grant reaches."""

    OWN = "own", _("Own")
    SUBORDINATES = "subordinates", _("Own and subordinates'")
    DEPARTMENT = "department", _("Department")
    BELOW = "below", _("Department and below")
    REGION = "region", _("Sales region")
    COMPANY = "company", _("Company")
    ALL = "all", _("All")


class RoleGrant(TrackedModel):
    """A role may do `verb` ("view", "add", "dispatch_delivery") on a record type ("sales.order") within a scope."""

    GOVERNED_BY = "role"
    IN_WORDS = {
        "record_type": lambda code, _grant: words.record_type(code),
        "verb": lambda code, grant: words.verb(code, grant.record_type),
    }

    role = models.ForeignKey(Role, models.CASCADE, related_name="grants", verbose_name=_("role"))
    record_type = models.CharField(_("record type"), max_length=60)
    verb = models.CharField(_("verb"), max_length=60)
    scope = models.CharField(_("scope"), max_length=12, choices=Scope.choices, default=Scope.OWN)

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [models.UniqueConstraint(fields=["role", "record_type", "verb"], name="org_rolegrant_once")]
        ordering = ["record_type", "verb"]

    def title(self):
        return f"{words.record_type(self.record_type)}: {words.verb(self.verb, self.record_type)} ({self.get_scope_display()})"


class FieldLimit(TrackedModel):
    """A field that a role sees less of: hidden, masked or read-only. Without a limit a field is as open as its record."""

    GOVERNED_BY = "role"
    IN_WORDS = {
        "record_type": lambda code, _limit: words.record_type(code),
        "field": lambda name, limit: words.field(limit.record_type, name),
    }

    class Level(models.IntegerChoices):
        HIDE = 0, _("Hidden")
        MASK = 1, _("Masked")
        READ = 2, _("Read only")

    role = models.ForeignKey(Role, models.CASCADE, related_name="field_limits", verbose_name=_("role"))
    record_type = models.CharField(_("record type"), max_length=60)
    field = models.CharField(_("field"), max_length=60)
    level = models.PositiveSmallIntegerField(_("level"), choices=Level.choices)

    class Meta:
        verbose_name = _("field limit")
        verbose_name_plural = _("field limits")
        constraints = [models.UniqueConstraint(fields=["role", "record_type", "field"], name="org_fieldlimit_once")]

    def title(self):
        return f"{words.record_type(self.record_type)}: {words.field(self.record_type, self.field)}"


class RoleHolder(TrackedModel):
    """An employee who holds a role."""

    GOVERNED_BY = "role"

    role = models.ForeignKey(Role, models.CASCADE, related_name="holders", verbose_name=_("role"))
    employee = models.ForeignKey(Employee, models.CASCADE, related_name="roles", verbose_name=_("employee"))

    class Meta:
        verbose_name = _("role holder")
        verbose_name_plural = _("role holders")
        constraints = [models.UniqueConstraint(fields=["role", "employee"], name="org_roleholder_once")]

    def title(self):
        return f"{self.employee.name}: {self.role.name}"
