"""The whole way of one table: matched, checked, written. Pages, command and background task all come through here."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from admin_config.spreadsheets import mapping as maps
from admin_config.spreadsheets import writing
from admin_config.spreadsheets.checking import Check, Plan
from admin_config.spreadsheets.columns import Description
from admin_config.spreadsheets.documents import DocumentCheck, Gathered, gather, join
from admin_config.spreadsheets.effective import EFFECTIVE, VERB
from admin_config.spreadsheets.reading import FileRefused
from admin_config.spreadsheets.values import folded
from models.audit.changes import changes
from models.audit.models import ChangeSet
from models.base import policy
from models.base.guards import GuardError
from models.base.operations import Refusal

IN_REQUEST = 20_000  # so many rows are written while the person waits; more go to the worker
IN_REQUEST_SLOW = 2_000  # the same where each record goes through its own save()


class System:
    """Who imports from the command line without a name: the machine's administrator."""

    pk = None
    is_active = True
    is_superuser = True
    employee_id = None
    employee = None


@dataclass
class Work:
    """A table matched to a record type: everything that checking and writing need."""

    description: Description
    user: object
    sources: list
    line_sources: list
    gathered: Gathered
    keys: list | None = None
    effective: object = None
    options: dict = field(default_factory=dict)
    headings: list = field(default_factory=list)  # of the file, from left to right
    unknown: list = field(default_factory=list)
    computed: list = field(default_factory=list)
    line_sheet: str = ""

    @property
    def is_slow(self):
        return writing.saves_by_itself(self.description.model)

    @property
    def is_long(self):
        """True for what the person should not wait for."""
        return len(self.gathered.heads) + len(self.gathered.lines) > (IN_REQUEST_SLOW if self.is_slow else IN_REQUEST)


def describe(model, user, *, effective=False):
    """The columns of a record type for an import by this person. Raises FileRefused where he may not import them, or nobody may."""
    found = EFFECTIVE.get(model)
    description = Description(model, user, opened=found.opened if effective and found else ())
    name = capfirst(model._meta.verbose_name_plural)
    decision = policy.may(user, "import", model)
    if not decision:
        raise FileRefused(f"{decision.why} {decision.grant}".strip())
    if not (description.may_add or description.may_change):
        raise FileRefused(_("%(names)s cannot be imported: they are written by documents, or not yours to write.") % {"names": name})
    if effective:
        if found is None:
            raise FileRefused(_("%(names)s cannot be brought in as effective history.") % {"names": name})
        decision = policy.may(user, VERB, model)
        if not decision:
            raise FileRefused(f"{decision.why} {decision.grant}".strip())
    return description


def prepare(model, user, table, *, columns=None, options=None, line_table=None, strict=True):
    """Match a table to a record type, by a mapping (`columns`) or by its headings. `strict` refuses what a person has to decide first."""
    options = dict(options or {})
    effective = bool(options.get("effective"))
    description = describe(model, user, effective=effective)
    keys = options.get("key")
    if line_table is not None:
        return _joined(description, user, table, line_table, columns, options, effective)
    if columns:
        matched = maps.match_by_mapping(description, columns, table)
    else:
        matched = maps.match_by_words(description, table)
        if strict:
            maps.refuse_unknown(matched, description, table.numbers[matched.start - 1])
    rows, numbers = table.rows[matched.start :], table.numbers[matched.start :]
    if strict and not any(source.places for source in matched.sources):
        raise FileRefused(_("None of the headings is known."), row=table.numbers[matched.start - 1])
    if strict and not rows:
        raise FileRefused(_("There are no rows below the heading."))
    heads = [source for source in matched.sources if not source.column.is_line]
    lines = [source for source in matched.sources if source.column.is_line]
    gathered = gather(description, matched.sources, rows, numbers) if description.line_model else Gathered(rows, numbers, [], [], [])
    found = EFFECTIVE.get(model) if effective else None
    return Work(description, user, heads, lines, gathered, keys, found, options, matched.headings, matched.unknown, matched.computed)


def _joined(description, user, table, line_table, columns, options, effective):
    """Heads and lines from two sheets."""
    key = (options.get("lines") or {}).get("key")
    if not (columns and key and description.line_model):
        raise FileRefused(_("Lines in a sheet of their own need a mapping that names their key."))
    heads = maps.match_by_mapping(description, columns, table, is_line=False)
    lines = maps.match_by_mapping(description, columns, line_table, is_line=True)
    places = [next((place for place, text in enumerate(one.headings) if folded(text) == folded(key)), None) for one in (heads, lines)]
    if None in places:
        raise FileRefused(_("The column “%(heading)s” of the mapping is not in the file.") % {"heading": key}, column=key)
    gathered = join(
        *(table.rows[heads.start :], table.numbers[heads.start :], places[0]),
        *(line_table.rows[lines.start :], line_table.numbers[lines.start :], places[1]),
    )
    found = EFFECTIVE.get(description.model) if effective else None
    keys, sheet = options.get("key"), line_table.sheet or _("lines")
    return Work(description, user, heads.sources, lines.sources, gathered, keys, found, options, heads.headings, line_sheet=sheet)


def check(work, *, simulate=True):
    """The Plan of a table, from what is stored now. `simulate`: effective history is tried out on the ledgers too."""
    gathered, description = work.gathered, work.description
    if description.line_model:
        checking = DocumentCheck(description, keys=work.keys)
        planned = checking.run_documents(work.sources, work.line_sources, gathered)
    else:
        checking = Check(description, keys=work.keys)
        planned = checking.run(work.sources, gathered.heads, gathered.head_numbers)
    plan = checking.plan
    plan.line_sheet = work.line_sheet
    _collect(plan, checking.read, is_line=False)
    if hasattr(checking, "lines"):
        _collect(plan, checking.lines, is_line=True)
    for one in planned:
        if one is None:
            continue
        if one.changed is None:
            plan.new.append(one)
        elif one.changed or (one.lines is not None and one.lines.differ):
            plan.changed.append(one)
        else:
            plan.unchanged += 1
    if work.effective and simulate:
        _bring_in(work, plan, writes=False)
    return plan


def _collect(plan, rows, *, is_line):
    """The complaints of a set of rows under the headings of the file."""
    for index, found in rows.errors.items():
        for name, (value, sentence) in found.items():
            plan.refuse(rows.numbers[index], rows.heading(name) if name else "", value, sentence, is_line=is_line)


def _bring_in(work, plan, *, writes):
    """Post the new documents as history; those that are refused leave the plan."""
    entries = [(one.row, [line for line, _index in one.lines.all] if one.lines else []) for one in plan.new]
    refused = work.effective.bring_in(entries, writes=writes, options=work.options)
    for index, sentence in refused.items():
        plan.refuse(plan.new[index].number, "", "", sentence)
    plan.new = [one for index, one in enumerate(plan.new) if index not in refused]


def apply(work, *, source, request=None, progress=None, written=None):
    """Check once more and write, in one transaction and one change set. Returns (plan, change set's key or None).

    Reading and checking happen before the transaction, so that on SQLite others wait only while rows are written. Where somebody was
    quicker, everything is checked again, once. `progress(done, total)` is told how far it is, and may raise to stop;
    `written(plan, changeset)` is called in the transaction, after the last row.
    """
    user = work.user if work.user.pk else None
    for attempt in (1, 2):
        plan = check(work, simulate=False)
        total = len(plan.new) + len(plan.changed)
        if progress:
            progress(0, total)
        try:
            with (
                writing.prepared(plan),
                changes("import", user=user, source=source, request=request, opening=bool(work.effective)) as changeset,
            ):
                _write(work, plan, progress)
                key = str(changeset)
                if written:
                    written(plan, key)
        except IntegrityError as error:
            if attempt == 2:
                raise FileRefused(_("The database refused the import: it contradicts other records. Nothing was written.")) from error
            continue
        except (GuardError, ValidationError, Refusal, DataError) as error:
            sentence = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            raise FileRefused(f"{sentence} {_('Nothing was written.')}") from error
        return plan, key if ChangeSet.objects.filter(pk=key).exists() else None


def _write(work, plan, progress=None):
    if work.effective:
        _bring_in(work, plan, writes=True)
        writing.write(Plan(changed=plan.changed), lambda one, sentence: plan.refuse(one.number, "", "", sentence))
        return
    total = len(plan.new) + len(plan.changed)
    refused = []

    def refuse(one, sentence):
        plan.refuse(one.number, "", "", sentence)
        refused.append(id(one))

    # No savepoint around it: inside one, SQLite's search index is flushed after every row, which costs twenty times the insert.
    writing.write(plan, refuse, (lambda done: progress(done, total)) if progress else None)
    plan.new = [one for one in plan.new if id(one) not in refused]
    plan.changed = [one for one in plan.changed if id(one) not in refused]


def answer(status, plan=None, changeset=None):
    """The outcome as the command prints it."""
    if plan is None:
        return {"status": status, "new": 0, "changed": 0, "unchanged": 0, "refused": [], "changeset": changeset}
    return {
        "status": status,
        "new": len(plan.new),
        "changed": len(plan.changed),
        "unchanged": plan.unchanged,
        "refused": plan.refusals(),
        "changeset": changeset,
    }
