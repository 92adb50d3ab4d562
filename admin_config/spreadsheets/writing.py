"""Does what a plan says, inside the change set that is open: in bulk where save() adds nothing of its own, else record by record."""

from collections import defaultdict
from contextlib import contextmanager
from itertools import count

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.utils.translation import gettext as _

from models.base.bulk import write_columns
from models.base.guards import GuardError
from models.base.inserting import give_keys, insert_rows
from models.base.records import Record, TrackedModel
from models.base.search import SearchableRecord
from models.base.search_index import cut_ahead
from models.finance.models import MoneyDocument
from models.finance.opening import OpeningReceivable
from models.sales.lines import SalesLine

# What these save() methods add is done below, for all rows at once. Other models with a save() of their own go through it.
_FOLLOWED = (models.Model, AbstractBaseUser, TrackedModel, Record, SearchableRecord, MoneyDocument, OpeningReceivable, SalesLine)
KNOWN_SAVES = {one.save for one in _FOLLOWED}


def saves_by_itself(model):
    """True if the model has rules in its save() that only its save() can apply."""
    return any(vars(one)["save"] not in KNOWN_SAVES for one in model.__mro__ if "save" in vars(one))


EVERY = 200  # records between two words about the progress


@contextmanager
def prepared(plan):
    """Around the transaction that writes the plan: do before it what need not wait for it.

    On SQLite everybody waits while it is open. On PostgreSQL nobody does, and rows are completed while the database is busy.
    """
    if connection.vendor != "sqlite":
        yield
        return
    rows = [one.row for one in plan.new]
    for row in rows:
        complete(row)
    plan.is_prepared = True
    with cut_ahead([row.search_text for row in rows if isinstance(row, SearchableRecord)]):
        yield


def write(plan, refuse, progress=None):
    """Store the plan. `refuse(planned, sentence)` takes records that their own save() refused; `progress(done)` is told now and then."""
    steps = count(1)

    def saved(one, **options):
        done = next(steps)
        if progress and not done % EVERY:
            progress(done)
        return _saved(one, refuse, **options)

    _write_new(plan.new, saved, None if plan.is_prepared else complete)
    if progress:
        progress(len(plan.new))
    _write_changed(plan.changed, saved)


def complete(row):
    """What save() sets beside the given columns."""
    if isinstance(row, SearchableRecord):
        row.compute_search_text()
    if isinstance(row, MoneyDocument | OpeningReceivable):
        row.net = row.gross = row.amount
    if isinstance(row, AbstractBaseUser) and row._state.adding and not row.password:
        row.set_unusable_password()


# -- new records -----------------------------------------------------------------------------------------------------


def generations(planned):
    """New records in groups, each pointing only at earlier ones."""
    waiting = list(planned)
    new, stored = {id(one) for one in planned}, set()
    while waiting:
        ready = [one for one in waiting if all(id(other) not in new or id(other) in stored for other in one.links.values())]
        if not ready:
            raise ValidationError(_("Records of this file point at each other in a circle."))
        yield ready
        stored |= {id(one) for one in ready}
        waiting = [one for one in waiting if id(one) not in stored]


def _write_new(planned, saved, complete):
    for group in generations(planned):
        for one in group:
            if one.row.pk is not None and isinstance(one.row._meta.pk, models.AutoField):
                one.row.pk = None  # a provisional key
            _point(one)
        if saves_by_itself(type(group[0].row)):
            group = [one for one in group if saved(one)]
        else:
            insert_rows([one.row for one in group], complete)
        _write_lines(group)


def _point(one):
    """Keys to records of the same file, which have their real keys by now."""
    for name, other in one.links.items():
        setattr(one.row, name, other.row)


def _saved(one, refuse, **options):
    try:
        with transaction.atomic():
            one.row.save(**options)
        return True
    except (ValidationError, IntegrityError, GuardError) as error:
        sentence = " ".join(error.messages) if isinstance(error, ValidationError) else _("It contradicts another record.")
        refuse(one, sentence)
        return False


# -- changed records -------------------------------------------------------------------------------------------------


def _write_changed(planned, saved):
    groups = defaultdict(list)
    for one in planned:
        _point(one)
        if one.changed and saves_by_itself(type(one.row)):
            saved(one, update_fields=one.changed)
        elif one.changed:
            complete(one.row)
            groups[frozenset(one.changed | _beside(type(one.row), one.changed))].append(one.row)
    for names, rows in groups.items():
        write_columns(rows, sorted(names))
    _write_lines([one for one in planned if one.lines])


def _beside(model, changed):
    """The columns that `complete` sets when these change."""
    if issubclass(model, SearchableRecord) and changed & {*model.SEARCH_FIELDS}:
        return {"search_text"}
    if issubclass(model, MoneyDocument | OpeningReceivable) and "amount" in changed:
        return {"net", "gross"}
    return set()


# -- lines -----------------------------------------------------------------------------------------------------------


def _write_lines(planned):
    new, groups, removed = [], defaultdict(list), []
    for one in planned:
        if one.lines is None:
            continue
        for line, _index in one.lines.all:
            setattr(line, f"{line.DOCUMENT_FIELD}_id", one.row.pk)
        new += one.lines.new
        removed += one.lines.removed
        for line, names in one.lines.changed.items():
            groups[frozenset(names | _line_columns(line, names))].append(line)
    if removed:
        type(removed[0])._base_manager.filter(pk__in=[line.pk for line in removed]).delete()
    for names, lines in groups.items():
        write_columns(lines, sorted(names))
    give_keys(new)
    insert_rows(new)


def _line_columns(line, names):
    """The columns that are set beside changed ones."""
    beside = set()
    if isinstance(line, SalesLine):
        if names & {"quantity", "unit", "product"}:
            beside |= {"base_quantity", "factor", "unit"}
        if "price" in names:
            beside |= {"price_source", "price_rule"}
    return beside
