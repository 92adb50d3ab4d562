"""Customers and what belongs to them: contacts, addresses, payment terms, interactions."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from models.base.fields import AmountField, OptionField, PercentField
from models.base.records import Line, Record, TrackedModel
from models.base.search import SearchableRecord


class PaymentTerm(TrackedModel):
    """When a customer pays: a schedule of shares, e.g. 30 % with the order, 60 % a month after dispatch, 10 % retention."""

    PUBLIC = True

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    requires_prepayment = models.BooleanField(
        _("paid before dispatch"), default=False, help_text=_("Goods leave only when they are paid for (款到发货).")
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("payment term")
        verbose_name_plural = _("payment terms")
        ordering = ["code"]

    def title(self):
        return self.name


class PaymentTermLine(Line):
    """One share of a payment term: `percent` of the debt falls due `days` after its basis."""

    DOCUMENT_FIELD = "term"

    class Basis(models.TextChoices):
        DEBT = "debt", _("Day the debt arises")
        MONTH_END = "month_end", _("End of that month")
        RETENTION = "retention", _("Retention, from the day the debt arises")

    term = models.ForeignKey(PaymentTerm, models.CASCADE, related_name="lines", verbose_name=_("payment term"))
    percent = PercentField(_("share in %"))
    basis = models.CharField(_("counted from"), max_length=10, choices=Basis.choices, default=Basis.DEBT)
    days = models.PositiveIntegerField(_("days"), default=0)

    class Meta(Line.Meta):
        verbose_name = _("payment term share")
        verbose_name_plural = _("payment term shares")

    def title(self):
        return f"{self.percent.normalize():f} % + {self.days}"


class Customer(SearchableRecord):
    """Somebody who buys. Money is owed by the settlement customer, which is the customer itself unless another is named."""

    SEARCH_FIELDS = ("code", "name", "short_name", "phone")
    SEARCH_NAMES = ("name", "short_name")
    LABEL_FIELDS = ("name",)

    class Status(models.TextChoices):
        POTENTIAL = "potential", _("Potential")
        ACTIVE = "active", _("Active")
        DORMANT = "dormant", _("Dormant")
        LOST = "lost", _("Lost")

    code = models.CharField(_("code"), max_length=30)
    name = models.CharField(_("name"), max_length=160)
    short_name = models.CharField(_("short name"), max_length=60, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE)
    customer_type = OptionField("customer_type", _("type"))
    level = OptionField("customer_level", _("level"))
    industry = OptionField("industry", _("industry"))
    source = OptionField("customer_source", _("source"))
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    fax = models.CharField(_("fax"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    website = models.URLField(_("website"), blank=True)
    country = models.CharField(_("country"), max_length=60, blank=True)
    province = models.CharField(_("province"), max_length=60, blank=True)
    city = models.CharField(_("city"), max_length=60, blank=True)
    street = models.CharField(_("street"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    invoice_title = models.CharField(_("invoice title"), max_length=160, blank=True)
    tax_number = models.CharField(_("unified social credit code"), max_length=30, blank=True)
    bank = models.CharField(_("bank"), max_length=80, blank=True)
    bank_account = models.CharField(_("bank account"), max_length=40, blank=True)
    invoice_address = models.CharField(_("invoice address"), max_length=200, blank=True)
    invoice_phone = models.CharField(_("invoice phone"), max_length=40, blank=True)
    settlement_customer = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name=_("settlement customer"), related_name="settles_for"
    )
    currency = models.ForeignKey("org.Currency", models.PROTECT, verbose_name=_("currency"), default="CNY", related_name="+")
    payment_term = models.ForeignKey(PaymentTerm, models.PROTECT, null=True, blank=True, verbose_name=_("payment term"), related_name="+")
    price_level = OptionField("price_level", _("price level"))
    credit_limit = AmountField(_("credit limit"), null=True, blank=True, help_text=_("Empty: no limit. 0: nothing on credit."))
    remark = models.TextField(_("remark"), blank=True)
    print_count = models.PositiveIntegerField(_("statements printed"), default=0, editable=False)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["company", "code"], name="customers_customer_code"),
            models.CheckConstraint(condition=Q(credit_limit__isnull=True) | Q(credit_limit__gte=0), name="customers_customer_limit"),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="customers_customer_owner"),
            models.Index(fields=["department", "-id"], name="customers_customer_dept"),
            models.Index(fields=["region", "-id"], name="customers_customer_region"),
            models.Index(fields=["name", "id"], name="customers_customer_name"),
            models.Index(fields=["code", "id"], name="customers_customer_by_code"),
        ]

    def title(self):
        return self.name

    @property
    def debtor(self):
        """Who owes the money of what this customer buys."""
        return self.settlement_customer if self.settlement_customer_id else self

    def clean(self):
        super().clean()
        if self.settlement_customer_id and self.settlement_customer_id == self.pk:
            self.settlement_customer = None
        elif self.settlement_customer_id and self.settlement_customer.settlement_customer_id:
            raise ValidationError({"settlement_customer": _("The settlement customer must settle for itself.")})


class Address(TrackedModel):
    """A delivery address of a customer; one of them is the default."""

    GOVERNED_BY = "customer"

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="addresses", verbose_name=_("customer"))
    consignee = models.CharField(_("consignee"), max_length=60, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    country = models.CharField(_("country"), max_length=60, blank=True)
    province = models.CharField(_("province"), max_length=60, blank=True)
    city = models.CharField(_("city"), max_length=60, blank=True)
    street = models.CharField(_("street"), max_length=200)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    is_default = models.BooleanField(_("default"), default=False)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        ordering = ["-is_default", "id"]
        constraints = [models.UniqueConstraint(fields=["customer"], condition=Q(is_default=True), name="customers_address_one_default")]

    def title(self):
        return " ".join(part for part in (self.province, self.city, self.street, self.consignee, self.phone) if part)


class Contact(SearchableRecord):
    """A person at a customer. Exactly one contact of a customer is its main contact."""

    SEARCH_FIELDS = ("name", "mobile", "phone", "email")
    LABEL_FIELDS = ("name",)

    class Gender(models.TextChoices):
        FEMALE = "female", _("Female")
        MALE = "male", _("Male")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contacts", verbose_name=_("customer"))
    name = models.CharField(pgettext_lazy("person", "name"), max_length=80)
    gender = models.CharField(_("gender"), max_length=6, choices=Gender.choices, blank=True)
    department_name = models.CharField(_("department there"), max_length=60, blank=True)
    job_title = models.CharField(_("job title"), max_length=60, blank=True)
    mobile = models.CharField(_("mobile"), max_length=40, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    instant_messenger = models.CharField(_("WeChat or QQ"), max_length=60, blank=True)
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    preferences = models.CharField(_("hobbies and preferences"), max_length=200, blank=True)
    is_main = models.BooleanField(_("main contact"), default=False)
    has_left = models.BooleanField(_("has left"), default=False)
    remark = models.TextField(_("remark"), blank=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["customer"], condition=Q(is_main=True), name="customers_contact_one_main")]
        indexes = [models.Index(fields=["owner", "-id"], name="customers_contact_owner")]

    def title(self):
        return self.name

    def save(self, *args, **kwargs):
        """Setting the mark of the main contact takes it from the one who had it; the first contact gets it by itself."""
        others = Contact.objects.filter(customer_id=self.customer_id).exclude(pk=self.pk)
        if self.is_main:
            others.filter(is_main=True).update(is_main=False)
        elif self._state.adding and not others.filter(is_main=True).exists():
            self.is_main = True
        for name in ("owner_id", "department_id", "region_id", "company_id"):
            if getattr(self, name) is None:
                setattr(self, name, getattr(self.customer, name))
        super().save(*args, **kwargs)


class Interaction(Record):
    """A contact record: what was said with whom, what came of it, what comes next and when."""

    LABEL_FIELDS = ("subject",)

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="interactions", verbose_name=_("customer"))
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="interactions", verbose_name=_("contact"))
    at = models.DateTimeField(_("time"), default=timezone.now)
    way = OptionField("interaction_way", _("way"))
    subject = models.CharField(_("subject"), max_length=120)
    content = models.TextField(_("content"), blank=True)
    result = models.CharField(_("result"), max_length=200, blank=True)
    next_contact_on = models.DateField(_("next contact on"), null=True, blank=True)
    next_step = models.CharField(_("next step"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("contact record")
        verbose_name_plural = _("contact records")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["owner", "-id"], name="customers_interaction_owner"),
            models.Index(fields=["customer", "-at"], name="customers_interaction_cust"),
        ]

    def title(self):
        return self.subject

    def clean(self):
        super().clean()
        if self.contact_id and self.customer_id and self.contact.customer_id != self.customer_id:
            raise ValidationError({"contact": _("This contact belongs to another customer.")})

    def save(self, *args, **kwargs):
        for name in ("owner_id", "department_id", "region_id", "company_id"):
            if getattr(self, name) is None:
                setattr(self, name, getattr(self.customer, name))
        super().save(*args, **kwargs)
