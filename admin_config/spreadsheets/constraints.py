"""What the database would refuse, found beforehand for many rows at once: uniqueness by sets, check constraints in memory."""

import operator
from collections import defaultdict
from decimal import Decimal
from functools import lru_cache

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.expressions import CombinedExpression
from django.utils.translation import gettext as _

from admin_config.spreadsheets.keys import among
from models.base.fields import trimmed

COMPARED = {"exact": operator.eq, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
COMBINED = {"+": operator.add, "-": operator.sub, "*": operator.mul}


class Unknown(Exception):
    """A condition that only the database can judge."""


# -- check constraints -----------------------------------------------------------------------------------------------


def compiled(condition, model):
    """A function row → True, False or None (unknown, as in SQL) for a Q. Raises Unknown for what cannot be judged in memory."""
    if not isinstance(condition, Q):
        raise Unknown
    parts = [_leaf(child, model) if isinstance(child, tuple) else compiled(child, model) for child in condition.children]
    if condition.connector not in (Q.AND, Q.OR):
        raise Unknown
    decisive = condition.connector == Q.OR

    def judge(row):
        result = not decisive
        for part in parts:
            found = part(row)
            if found is decisive:
                return found
            if found is None:
                result = None
        return result

    if condition.negated:
        return lambda row: None if (found := judge(row)) is None else not found
    return parts[0] if len(parts) == 1 else judge


def _leaf(child, model):
    path, wanted = child
    name, _mark, lookup = path.partition("__")
    attname = model._meta.get_field(name).attname
    lookup = lookup or "exact"
    if lookup == "isnull":
        return lambda row: (row.__dict__[attname] is None) == wanted
    if lookup == "in" and isinstance(wanted, list | tuple | set | frozenset):
        return lambda row: None if (found := row.__dict__[attname]) is None else found in wanted
    if lookup not in COMPARED:
        raise Unknown
    compare, other = COMPARED[lookup], _value(wanted, model)

    def judge(row):
        found, limit = row.__dict__[attname], other(row)
        return None if found is None or limit is None else compare(found, limit)

    return judge


def _value(expression, model):
    """A function row → the value of an expression."""
    if isinstance(expression, F):
        attname = model._meta.get_field(expression.name).attname
        return lambda row: row.__dict__[attname]
    if isinstance(expression, Value):
        return lambda row: expression.value
    if isinstance(expression, CombinedExpression):
        if expression.connector not in COMBINED:
            raise Unknown
        combine, left, right = COMBINED[expression.connector], _value(expression.lhs, model), _value(expression.rhs, model)
        return lambda row: None if None in (pair := (left(row), right(row))) else combine(*pair)
    if hasattr(expression, "resolve_expression"):
        raise Unknown
    return lambda row: expression


@lru_cache(maxsize=256)
def _checks(model):
    """[(constraint, judge)] of the check constraints that can be judged in memory; the others are left to the database."""
    found = []
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.CheckConstraint):
            try:
                found.append((constraint, compiled(constraint.condition, model)))
            except Unknown:
                continue
    return found


def check_problems(row):
    """[(field name or "", sentence)] of the check constraints that the row would break."""
    problems = []
    for constraint, judge in _checks(type(row)):
        if judge(row) is False:
            problems += _sentences(constraint, row)
    return problems


def _sentences(constraint, row):
    """The parts of a broken constraint that say something about one field, in words."""
    said = []
    for child in constraint.condition.children:
        parts = [child] if isinstance(child, tuple) else [one for one in child.children if isinstance(one, tuple)]
        for path, wanted in parts:
            name, _mark, lookup = path.partition("__")
            if lookup in WORDS and not hasattr(wanted, "resolve_expression") and _leaf((path, wanted), type(row))(row) is False:
                shown = trimmed(wanted) if isinstance(wanted, Decimal) else wanted
                said.append((name, WORDS[lookup]() % {"limit": shown}))
    return said or [("", str(constraint.get_violation_error_message()))]


WORDS = {
    "gt": lambda: _("This must be more than %(limit)s."),
    "gte": lambda: _("This must be at least %(limit)s."),
    "lt": lambda: _("This must be less than %(limit)s."),
    "lte": lambda: _("This must be at most %(limit)s."),
}


# -- uniqueness ------------------------------------------------------------------------------------------------------


def unique_sets(model):
    """[(field names, condition or None)] that the database keeps unique, the primary key left out."""
    found = [((field.name,), None) for field in model._meta.concrete_fields if field.unique and field.attname != "id"]
    found += [(tuple(names), None) for names in model._meta.unique_together]
    found += [
        (tuple(constraint.fields), constraint.condition)
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields
    ]
    return found


def unique_problems(model, rows, numbers, changed=None):
    """{index: (field name, sentence)} of rows that would be the second of their kind, in the file or in the database.

    `rows` may hold None; `changed`: the names changed in each row (None: a new row).
    """
    problems = {}
    for names, condition in unique_sets(model):
        attnames = [model._meta.get_field(name).attname for name in names]
        keys, applies = {}, _applying(model, names)
        for index, row in enumerate(rows):
            if row is None or index in problems or (changed and changed[index] is not None and not {*names, *attnames} & changed[index]):
                continue
            key = tuple(getattr(row, attname) for attname in attnames)
            if None in key or (applies is not None and applies(row) is not True):
                continue
            if key in keys:
                problems[index] = (_telling(names), _("This is the same as in row %(row)s.") % {"row": numbers[keys[key]]})
            else:
                keys[key] = index
        taken = _taken(model, names, attnames, condition, keys)
        for key, owners in taken.items():
            index = keys[key]
            if owners - {rows[index].pk}:
                problems[index] = (_telling(names), _("Another record has this already; it is locked to you or outside your range."))
    return problems


def _telling(names):
    """The name of the set that a person would correct."""
    return next((name for name in names if name != "company"), names[0])


@lru_cache(maxsize=256)
def _applying(model, names):
    """The judge of a conditional uniqueness; where only the database can judge, it counts as applying."""
    condition = next(condition for found, condition in unique_sets(model) if found == names)
    try:
        return compiled(condition, model) if condition is not None else None
    except Unknown:
        return None


def _taken(model, names, attnames, condition, keys):
    """{key: {primary keys}} of stored rows, whoever may see them."""
    if not keys:
        return {}
    spread = [len({key[place] for key in keys}) for place in range(len(attnames))]
    driver = spread.index(max(spread))
    query = model._base_manager.all() if condition is None else model._base_manager.filter(condition)
    for place, attname in enumerate(attnames):
        if spread[place] == 1 and place != driver:
            query = query.filter(**{attname: next(iter(keys))[place]})
    found = defaultdict(set)
    rows = query.filter(**among(model, names[driver], {key[driver] for key in keys}))
    for pk, *key in rows.values_list("pk", *attnames):
        if tuple(key) in keys:
            found[tuple(key)].add(pk)
    return found
