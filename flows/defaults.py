"""The chains every new installation begins with. Amounts are in the base currency, tax included; discounts are percentages paid."""

from flows.definitions import ApprovalChain, ChainApprover, ChainCondition, ChainLevel
from models.audit.changes import changes
from models.org.models import Role

FALLBACK = "finance_manager"

SUPERVISOR = ({"en": "Sales supervisor", "zh-hans": "销售主管", "zh-hant": "銷售主管"}, ("superior", "sales_supervisor"))
DIRECTOR = ({"en": "Regional director", "zh-hans": "区域总监", "zh-hant": "區域總監"}, ("superior", "regional_director"))
GENERAL_MANAGER = ({"en": "General manager", "zh-hans": "总经理", "zh-hant": "總經理"}, ("role", "general_manager"))
ACCOUNTANT = ({"en": "Accountant", "zh-hans": "会计", "zh-hant": "會計"}, ("role", "accountant"))
FINANCE_MANAGER = ({"en": "Finance manager", "zh-hans": "财务经理", "zh-hant": "財務經理"}, ("role", "finance_manager"))

# (document, names, [(level, [conditions of which one must hold; none: always])])
CHAINS = [
    (
        "quote",
        {"en": "Quotes", "zh-hans": "报价单审批", "zh-hant": "報價單審批"},
        [
            (SUPERVISOR, ["amount > 50000", "below_floor is yes", "margin < 12"]),
            (DIRECTOR, ["lowest_discount < 90", "amount > 200000"]),
            (GENERAL_MANAGER, ["lowest_discount < 85", "margin < 8", "amount > 500000"]),
        ],
    ),
    (
        "order",
        {"en": "Orders", "zh-hans": "销售订单审批", "zh-hant": "銷售訂單審批"},
        [
            (SUPERVISOR, ["unchanged_from_quote is no", "amount > 50000", "credit_excess > 0", "overdue > 0"]),
            (DIRECTOR, ["amount > 100000"]),
            (FINANCE_MANAGER, ["credit_excess > 0", "overdue > 0", "terms_changed is yes"]),
            (GENERAL_MANAGER, ["amount > 300000", "credit_excess_percent > 20"]),
        ],
    ),
    (
        "receipt",
        {"en": "Receipts", "zh-hans": "收款单审批", "zh-hant": "收款單審批"},
        [(ACCOUNTANT, []), (FINANCE_MANAGER, ["cash_amount > 10000", "short_by > 50"])],
    ),
    (
        "refund",
        {"en": "Customer refunds", "zh-hans": "客户退款审批", "zh-hant": "客戶退款審批"},
        [(ACCOUNTANT, []), (FINANCE_MANAGER, []), (GENERAL_MANAGER, ["amount > 10000"])],
    ),
    (
        "return",
        {"en": "Returns", "zh-hans": "销售退货审批", "zh-hant": "銷售退貨審批"},
        [(SUPERVISOR, []), (DIRECTOR, ["amount > 20000", "days > 30"])],
    ),
]


def ensure_default_chains():
    """Make the default chains that are missing; those that are there stay as they are. Returns how many were made.

    The roles must exist. Call it as often as you like.
    """
    roles = {role.code: role for role in Role.objects.all()}
    known = set(ApprovalChain.objects.values_list("code", flat=True))
    missing = [row for row in CHAINS if f"{row[0]}-default" not in known]
    with changes("command", reason="default approval chains"):
        for document, labels, levels in missing:
            chain = ApprovalChain.objects.create(
                code=f"{document}-default", document=document, labels=labels, priority=1000, fallback_role=roles[FALLBACK]
            )
            for position, ((names, (kind, role)), conditions) in enumerate(levels, 1):
                level = ChainLevel.objects.create(chain=chain, position=position, labels=names)
                ChainApprover.objects.create(level=level, kind=kind, role=roles[role])
                for text in conditions:
                    fact, operator, value = text.split(" ")
                    ChainCondition.objects.create(level=level, fact=fact, operator=operator, value=value)
    return len(missing)
