"""Who owes what, what came in, and what it was used for. Receivable = order − receipts + refunds − returns, everywhere."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models.base.documents import COMMERCIAL, Document
from models.base.fields import AmountField, OptionField, RateField
from models.base.records import Ledger, Line, Record, TrackedModel


class CashAccount(TrackedModel):
    """A till or bank account of a company."""

    PUBLIC = True

    class Kind(models.TextChoices):
        CASH = "cash", _("Cash")
        BANK = "bank", _("Bank")
        ONLINE = "online", _("Online")

    company = models.ForeignKey("org.Company", models.PROTECT, verbose_name=_("company"), related_name="+")
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.BANK)
    bank = models.CharField(_("bank"), max_length=80, blank=True)
    account_number = models.CharField(_("account number"), max_length=40, blank=True)
    currency = models.ForeignKey("org.Currency", models.PROTECT, verbose_name=_("currency"), default="CNY", related_name="+")
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("cash or bank account")
        verbose_name_plural = _("cash and bank accounts")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="finance_cashaccount_code")]

    def title(self):
        return self.name


class MoneyLedger(Ledger):
    """A ledger row of money: `amount` in its currency, `base_amount` in the company's."""

    currency = models.ForeignKey("org.Currency", models.PROTECT, verbose_name=_("currency"), related_name="+")
    amount = AmountField(_("amount"))
    base_amount = AmountField(_("amount in base currency"))

    class Meta:
        abstract = True


class CashEntry(MoneyLedger):
    """Money into (+) or out of (−) an account."""

    account = models.ForeignKey(CashAccount, models.PROTECT, verbose_name=_("account"), related_name="entries")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, null=True, verbose_name=_("customer"), related_name="+")

    class Meta:
        verbose_name = _("cash entry")
        verbose_name_plural = _("cash entries")
        ordering = ["-id"]
        indexes = [models.Index(fields=["account", "id"], name="finance_cashentry_account")]


class CustomerEntry(MoneyLedger):
    """The current account of a customer: charges and refunds raise what he owes, receipts and returns lower it."""

    class Kind(models.TextChoices):
        CHARGE = "charge", _("Charge")
        RECEIPT = "receipt", _("Receipt")
        RETURN = "return", _("Return")
        REFUND = "refund", _("Refund")
        ADJUSTMENT = "adjustment", _("Adjustment")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, verbose_name=_("customer"), related_name="entries")

    class Meta:
        verbose_name = _("current account entry")
        verbose_name_plural = _("current account entries")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["customer", "date", "id"], name="finance_customerentry_account"),
            models.Index(fields=["source_type", "source_id"], name="finance_customerentry_source"),
        ]


class SourcedRecord(Record):
    """A record that came of a document it knows only as a source."""

    source_type = models.ForeignKey("contenttypes.ContentType", models.PROTECT, related_name="+", editable=False)
    source_id = models.BigIntegerField(editable=False)
    source_number = models.CharField(_("source document"), max_length=60, blank=True, editable=False)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, verbose_name=_("customer"), related_name="+")
    date = models.DateField(_("date"))
    currency = models.ForeignKey("org.Currency", models.PROTECT, verbose_name=_("currency"), related_name="+")
    rate = RateField(_("exchange rate"), default=Decimal(1))
    amount = AmountField(_("amount"))

    class Meta:
        abstract = True


class Receivable(SourcedRecord):
    """One instalment of a debt. What was received and returned against it is posted; the due date and remark may be changed."""

    instalment = models.PositiveIntegerField(_("instalment"), default=1)
    origin_type = models.ForeignKey("contenttypes.ContentType", models.PROTECT, null=True, related_name="+", editable=False)
    origin_id = models.BigIntegerField(null=True, editable=False)
    origin_number = models.CharField(_("order"), max_length=60, blank=True, editable=False)
    due_on = models.DateField(_("due on"))
    received = AmountField(_("received"), default=Decimal(0), editable=False)
    returned = AmountField(_("returned"), default=Decimal(0), editable=False)
    outstanding = AmountField(_("outstanding"), default=Decimal(0), editable=False)
    base_outstanding = AmountField(_("outstanding in base currency"), default=Decimal(0), editable=False)
    remark = models.CharField(_("remark"), max_length=200, blank=True)
    is_opening = models.BooleanField(_("opening"), default=False, editable=False)

    class Meta:
        verbose_name = _("receivable")
        verbose_name_plural = _("receivables")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(outstanding=F("amount") - F("received") - F("returned")), name="finance_receivable_sum"),
            models.CheckConstraint(
                condition=Q(outstanding__gte=0) & Q(received__gte=0) & Q(returned__gte=0), name="finance_receivable_bounds"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "due_on"], condition=Q(outstanding__gt=0), name="finance_receivable_open"),
            models.Index(fields=["due_on"], condition=Q(outstanding__gt=0), name="finance_receivable_due"),
            models.Index(fields=["owner", "-id"], name="finance_receivable_owner"),
            models.Index(fields=["source_type", "source_id"], name="finance_receivable_source"),
            models.Index(fields=["origin_type", "origin_id"], name="finance_receivable_origin"),
        ]

    def title(self):
        return f"{self.source_number}-{self.instalment}"


class Credit(SourcedRecord):
    """Money a customer has with us: an advance receipt, the rest of a receipt, or what a return gave back. Used by allocation or refund."""

    used = AmountField(_("allocated"), default=Decimal(0), editable=False)
    refunded = AmountField(_("refunded"), default=Decimal(0), editable=False)
    reversed = AmountField(_("reversed"), default=Decimal(0), editable=False)
    open = AmountField(_("still open"), default=Decimal(0), editable=False)

    class Meta:
        verbose_name = _("customer credit")
        verbose_name_plural = _("customer credits")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(open=F("amount") - F("used") - F("refunded") - F("reversed")), name="finance_credit_sum"),
            models.CheckConstraint(condition=Q(open__gte=0) & Q(used__gte=0) & Q(refunded__gte=0), name="finance_credit_bounds"),
        ]
        indexes = [
            models.Index(fields=["customer", "id"], condition=Q(open__gt=0), name="finance_credit_open"),
            models.Index(fields=["source_type", "source_id"], name="finance_credit_source"),
        ]

    def title(self):
        return self.source_number or str(self.pk)


class Allocation(MoneyLedger):
    """Part of a credit used for a receivable, or paid back (then without one); a reversal has the sign turned."""

    credit = models.ForeignKey(Credit, models.PROTECT, verbose_name=_("customer credit"), related_name="allocations")
    receivable = models.ForeignKey(Receivable, models.PROTECT, null=True, verbose_name=_("receivable"), related_name="allocations")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, verbose_name=_("customer"), related_name="+")

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        ordering = ["-id"]
        indexes = [models.Index(fields=["source_type", "source_id"], name="finance_allocation_source")]


class CustomerBalance(models.Model):
    """What a customer owes a company now, in base currency: kept by every posting, locked while credit is checked.

    `balance` = charges − receipts + refunds − returns; `ordered` = approved and not yet charged.
    """

    company = models.ForeignKey("org.Company", models.PROTECT, related_name="+", verbose_name=_("company"))
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="balances", verbose_name=_("customer"))
    balance = AmountField(_("owed"), default=Decimal(0))
    ordered = AmountField(_("ordered, not charged"), default=Decimal(0))

    class Meta:
        verbose_name = _("customer balance")
        verbose_name_plural = _("customer balances")
        constraints = [models.UniqueConstraint(fields=["company", "customer"], name="finance_customerbalance_once")]

    def __str__(self):
        return f"{self.customer}"


class CreditOverride(TrackedModel):
    """Somebody with the right let a document pass beyond the credit rules: who, why, how much.

    `reason` is what a person typed; empty where an approval decided without a word, then the figures say why.
    """

    GOVERNED_BY = "customer"
    IN_WORDS = {"reason": lambda reason, override: reason or override.figures_in_words()}

    source_type = models.ForeignKey("contenttypes.ContentType", models.PROTECT, related_name="+")
    source_id = models.BigIntegerField()
    source_number = models.CharField(_("source document"), max_length=60, blank=True)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, verbose_name=_("customer"), related_name="credit_overrides")
    granted_by = models.ForeignKey("org.Employee", models.PROTECT, null=True, verbose_name=_("granted by"), related_name="+")
    excess = AmountField(_("beyond the limit by"), default=Decimal(0))
    overdue = AmountField(_("overdue then"), default=Decimal(0))
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        verbose_name = _("credit override")
        verbose_name_plural = _("credit overrides")
        ordering = ["-id"]
        indexes = [models.Index(fields=["source_type", "source_id"], name="finance_override_source")]

    def title(self):
        return self.source_number

    def figures_in_words(self):
        """By how much the rules were broken: “Beyond the credit limit by 50.00”."""
        figures = ((gettext("Beyond the credit limit by"), self.excess), (gettext("Overdue"), self.overdue))
        return "; ".join(f"{label} {amount:,.2f}" for label, amount in figures if amount)


class MoneyDocument(Document):
    """Money that came in or goes out: one amount, an account, a way of payment."""

    HAS_LINE_AMOUNTS = False

    customer = models.ForeignKey("customers.Customer", models.PROTECT, verbose_name=_("customer"), related_name="+")
    amount = AmountField(_("amount"))
    account = models.ForeignKey(CashAccount, models.PROTECT, verbose_name=_("account"), related_name="+")
    method = OptionField("payment_method", _("payment method"))

    class Meta(Document.Meta):
        abstract = True

    def clean(self):
        super().clean()
        if self.amount is not None and self.amount <= 0:
            raise ValidationError({"amount": _("The amount must be more than 0.")})
        if self.account_id and self.currency_id and self.account.currency_id != self.currency_id:
            raise ValidationError({"account": _("This account is kept in %(currency)s.") % {"currency": self.account.currency_id}})

    def save(self, *args, update_fields=None, **kwargs):
        self.net = self.gross = self.amount
        if update_fields is not None and "amount" in update_fields:
            update_fields = {*update_fields, "net", "gross"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def recompute(self):
        """Nothing to add up: the amount is typed."""


class Receipt(MoneyDocument):
    """Money received from a customer. After approval it is allocated to receivables; what is left stays as an advance."""

    DOCUMENT_CODE = "receipt"
    LOCKED = (*COMMERCIAL, "customer_id", "amount", "account_id", "method_id")

    bill_number = models.CharField(_("bank or bill number"), max_length=60, blank=True)
    payer = models.CharField(_("payer"), max_length=120, blank=True)

    class Meta(MoneyDocument.Meta):
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")


class ReceiptLine(Line):
    """How much of a receipt is meant for a receivable; it is allocated when the receipt is approved."""

    DOCUMENT_FIELD = "receipt"
    LOCKED = ("receivable_id", "amount")

    receipt = models.ForeignKey(Receipt, models.CASCADE, related_name="lines", verbose_name=_("receipt"))
    receivable = models.ForeignKey(Receivable, models.PROTECT, verbose_name=_("receivable"), related_name="+")
    amount = AmountField(_("amount"))

    class Meta(Line.Meta):
        verbose_name = _("allocation of the receipt")
        verbose_name_plural = _("allocations of the receipt")
        constraints = [
            models.UniqueConstraint(fields=["receipt", "receivable"], name="finance_receiptline_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="finance_receiptline_amount"),
        ]


class Refund(MoneyDocument):
    """Money paid back to a customer out of his open credits, the oldest first unless one is named."""

    DOCUMENT_CODE = "refund"
    LOCKED = (*COMMERCIAL, "customer_id", "amount", "account_id", "method_id", "credit_id")

    credit = models.ForeignKey(Credit, models.PROTECT, null=True, blank=True, verbose_name=_("customer credit"), related_name="+")
    voucher_number = models.CharField(_("refund voucher"), max_length=60, blank=True)

    class Meta(MoneyDocument.Meta):
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")


from models.finance.opening import OpeningReceivable  # noqa: E402, F401
