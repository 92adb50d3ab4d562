"""Documents whose lines stand on several rows, or in a sheet of their own: gathered, checked with their lines, and summed up."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext as _

from admin_config.spreadsheets.checking import Check, Rows, locked
from admin_config.spreadsheets.columns import KEY
from admin_config.spreadsheets.constraints import check_problems
from admin_config.spreadsheets.existing import same
from admin_config.spreadsheets.keys import among, loaded
from admin_config.spreadsheets.lines import LineRules
from admin_config.spreadsheets.values import DEFAULT
from models.base import policy
from models.base.inserting import unsaved
from models.base.policy import WRITE

SUMS = ("net", "tax", "gross")
LINE_SUMS = ("amount", "net", "tax", "gross")
KEY_NAMES = (KEY, "number", "external_number")


@dataclass(eq=False)
class Lines:
    """What happens to the lines of one document. `all`: every line it will have."""

    all: list = field(default_factory=list)
    new: list = field(default_factory=list)
    changed: dict = field(default_factory=dict)  # line → names
    removed: list = field(default_factory=list)

    @property
    def differ(self):
        return bool(self.new or self.changed or self.removed)


@dataclass
class Gathered:
    """Rows put together: the rows of the heads, and the rows of the lines with the index of their head."""

    heads: list
    head_numbers: list
    lines: list
    line_numbers: list
    owners: list
    orphans: list = field(default_factory=list)  # numbers of line rows whose document is not in the file


def gather(description, sources, rows, numbers):
    """A row continues the document above where its key is blank or the same; without a key column, where all of its head is."""
    head_sources = [source for source in sources if not source.column.is_line and source.places]
    line_places = [place for source in sources if source.column.is_line for place in source.places]
    names = KEY_NAMES if description.is_document else (KEY, "code", "name")
    keys = [place for source in head_sources if source.column.name in names for place in source.places]
    places = keys or [place for source in head_sources for place in source.places]
    found, key = Gathered([], [], [], [], []), object()
    for row, number in zip(rows, numbers, strict=True):
        own = tuple(row[place] if place < len(row) else None for place in places)
        is_blank = all(part is None for part in own)
        if not found.heads or not (own == key or is_blank):
            found.heads.append(row)
            found.head_numbers.append(number)
            key = own
        if any(place < len(row) and row[place] is not None for place in line_places):
            found.lines.append(row)
            found.line_numbers.append(number)
            found.owners.append(len(found.heads) - 1)
    return found


def join(head_rows, head_numbers, head_place, line_rows, line_numbers, line_place):
    """Heads and lines of two sheets, put together by the key both have."""
    found = Gathered(head_rows, head_numbers, [], [], [])
    index = {str(row[head_place]): place for place, row in enumerate(head_rows) if head_place < len(row) and row[head_place] is not None}
    for row, number in zip(line_rows, line_numbers, strict=True):
        key = str(row[line_place]) if line_place < len(row) and row[line_place] is not None else ""
        if key in index:
            found.lines.append(row)
            found.line_numbers.append(number)
            found.owners.append(index[key])
        else:
            found.orphans.append((number, key))
    return found


class DocumentCheck(Check):
    """Checks documents together with their lines; one wrong cell refuses its whole document."""

    def __init__(self, description, *, keys=None):
        super().__init__(description, keys=keys)
        self.line_model, self.line_key = description.line_model, description.line_key
        self.make_line = unsaved(self.line_model)

    def run_documents(self, sources, line_sources, gathered):
        """As `run`, index by index of the heads; Planned.lines is set where the file has columns of lines."""
        planned = self.run(sources, gathered.heads, gathered.head_numbers)
        for number, key in gathered.orphans:
            self.plan.refuse(number, "", key, _("The document of this line is not in the file."), is_line=True)
        if not line_sources or all(source.column.is_computed for source in line_sources):
            return planned
        companies = [self._company_of(planned, owner) for owner in gathered.owners]
        self.lines = Rows(self.description, line_sources, gathered.lines, gathered.line_numbers, companies)
        self.lines.close()
        self._refuse_incomplete()
        by_owner = defaultdict(list)
        for index, owner in enumerate(gathered.owners):
            by_owner[owner].append(index)
        stored = self._stored_lines(planned)
        for owner, one in enumerate(planned):
            if one is not None:
                one.lines = self._plan_lines(one, by_owner[owner], stored.get(one.row.pk, []))
        self._finish(planned, gathered)
        return planned

    def _company_of(self, planned, owner):
        one = planned[owner]
        return self.default_company if one is None else getattr(one.row, "company_id", self.default_company)

    def _refuse_incomplete(self):
        mapped = {source.column.name.partition("__")[0] for source in self.lines.sources}
        wanted = [c for c in self.description.columns if c.is_line and c.is_required and c.name not in mapped]
        for column in wanted:
            for index in range(len(self.lines.rows)):
                self.lines.error(index, column.name, _("“%(column)s” is needed and not in the file.") % {"column": column.label()}, "")

    def _stored_lines(self, planned):
        """{document id: [its lines in their order]} of the documents that exist."""
        keys = [one.row.pk for one in planned if one is not None and one.changed is not None]
        found = defaultdict(list)
        for line in self.line_model._base_manager.filter(**among(self.line_model, self.line_key, keys)).order_by("position", "pk"):
            found[getattr(line, f"{self.line_key}_id")].append(line)
        return found

    # -- lines of one document -----------------------------------------------------------------------------------------

    def _plan_lines(self, one, indexes, stored):
        plan = Lines()
        taken = [source.column for source in self.lines.sources if not source.column.is_computed]
        has_position = any(column.name == "lines.position" for column in taken)
        by_position = {line.position: line for line in stored} if has_position else {}
        waiting = list(stored)
        for place, index in enumerate(indexes, 1):
            if index in self.lines.errors:
                continue
            if has_position:
                line = by_position.pop(self.lines.values["lines.position"][index], None)
            else:
                line = waiting.pop(0) if waiting else None
            if line is None:
                plan.new.append(self._new_line(index, taken, place))
                plan.all.append((plan.new[-1], index))
            else:
                names = self._change_line(index, line, taken)
                plan.all.append((line, index))
                if names:
                    plan.changed[line] = names
        plan.removed = list(by_position.values()) if has_position else waiting
        for line, _index in plan.all:
            setattr(line, self.line_key, one.row)
        return plan

    def _new_line(self, index, taken, place):
        values = {}
        for column in taken:
            value = self.lines.values[column.name][index]
            if value is DEFAULT:
                continue
            if column.level < WRITE and self.lines.cells[column.name][index] is not None:
                self.lines.error(index, column.name, _("You may not fill in this field."))
            values[column.attname] = value
        values.setdefault("position", place)
        return self.make_line(values)

    def _change_line(self, index, line, taken):
        names = set()
        for column in taken:
            value = self.lines.values[column.name][index]
            if value is DEFAULT or same(getattr(line, column.attname), value):
                continue
            if column.level < WRITE:
                self.lines.error(index, column.name, _("You may not change this field."))
                continue
            setattr(line, column.attname, value)
            names.add(column.field.name)
        if "is_exempt" in names:
            names.add("tax_rate")  # follows it
        return names

    # -- all documents -------------------------------------------------------------------------------------------------

    def _finish(self, planned, gathered):
        """Lock, completion, rules of the lines, sums; then whatever is wrong in a line refuses its document."""
        for index, one in enumerate(planned):
            if one is not None and one.changed is not None and one.lines.differ and getattr(one.row, "is_locked", False):
                self._refuse(planned, index, "", locked(one.row))
        touched = [one for one in planned if one is not None and (one.changed is None or one.changed or one.lines.differ)]
        index_of = {id(line): index for one in touched for line, index in one.lines.all}
        self._load_line_keys([line for one in touched for line, _index in one.lines.all])

        def refuse(line, name, sentence):
            self.lines.error(index_of[id(line)], name and f"lines.{name}", sentence)

        documents = [(one.row, [(line, self._given(index)) for line, index in one.lines.all]) for one in touched]
        LineRules(self.line_model, refuse).complete(documents)
        for one in touched:
            for line, _index in one.lines.all:
                self._check_line(line, refuse)
        wrong = {gathered.owners[index] for index in self.lines.errors}
        for owner in wrong:
            planned[owner] = None
        for index, one in enumerate(planned):
            if one is not None and one.changed == set() and one.lines.differ:
                self._line_rights(planned, index, one)
        index_of_document = {id(one): index for index, one in enumerate(planned) if one is not None}
        for one in touched:
            if id(one) in index_of_document and (problem := self._sum_up(one)):
                self._refuse(planned, index_of_document[id(one)], "allowance", problem)

    def _given(self, index):
        """The names of the columns in which the row says something."""
        return {name.removeprefix("lines.") for name, cells in self.lines.cells.items() if cells[index] is not None}

    def _load_line_keys(self, lines):
        for key in self.line_model._meta.concrete_fields:
            if not key.is_relation or key.name in (self.line_key, "created_by", "changed_by"):
                continue
            found = loaded(key.related_model, {getattr(line, key.attname) for line in lines} - {None})
            for line in lines:
                value = getattr(line, key.attname)
                if value in found:
                    line._state.fields_cache[key.cache_name] = found[value]

    def _check_line(self, line, refuse):
        try:
            line.clean()
        except ValidationError as error:
            known = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
            for name, messages in known.items():
                refuse(line, "" if name == NON_FIELD_ERRORS else name, " ".join(ValidationError(messages).messages))
        for name, sentence in check_problems(line):
            refuse(line, name, sentence)

    def _line_rights(self, planned, index, one):
        """A document with only changed lines is changed too."""
        decision = policy.may(self.user, "change", one.row)
        if not decision or not self.description.may_change:
            self._refuse(planned, index, "", f"{decision.why} {decision.grant}".strip() or self._why_not("change"))

    def _sum_up(self, one):
        """Compute the sums as saving the form would, and note which of them change; why they cannot be, or ""."""
        document, lines = one.row, [line for line, _index in one.lines.all]
        has_amounts = self.description.is_document and getattr(document, "HAS_LINE_AMOUNTS", True)
        if not has_amounts and not (self.description.is_document and "compute" in vars(type(document))):
            return ""
        fields = [name for name in LINE_SUMS if any(f.name == name for f in self.line_model._meta.concrete_fields)]
        before = {name: getattr(document, name) for name in SUMS}
        lines_before = {id(line): tuple(getattr(line, name) for name in fields) for line in lines}
        document.compute(lines)
        if one.changed is not None:
            one.changed |= {name for name in SUMS if before[name] != getattr(document, name)}
            fresh = {id(line) for line in one.lines.new}
            for line in lines:
                if id(line) not in fresh and lines_before[id(line)] != tuple(getattr(line, name) for name in fields):
                    one.lines.changed.setdefault(line, set()).update(fields)
        return document.allowance_problem(lines) if has_amounts else ""
