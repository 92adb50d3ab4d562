"""Finding the stored records that rows of a file mean: by the record key, by what is unique, or by what a mapping says."""

import datetime
from collections import defaultdict

from django.utils.translation import gettext as _

from admin_config.spreadsheets.columns import KEY
from admin_config.spreadsheets.keys import among
from models.base import policy


def same(stored, given):
    """True if a value read from a file is what is stored; moments count to the second."""
    if isinstance(stored, datetime.datetime) and isinstance(given, datetime.datetime):
        return stored.replace(microsecond=0) == given.replace(microsecond=0)
    return stored == given


def find_existing(check, read):
    """([stored record or None], {index: (column, sentence)}). Only records in the person's range are found."""
    size = len(read.rows)
    found, problems = [None] * size, {}
    if KEY in read.values:
        _by_key(check, read, found, problems)
    if check.description.is_document:
        _by_number(check, read, found, problems)
    else:
        for names in check.description.key_sets if check.keys is None else [tuple(check.keys)] if check.keys else []:
            if _usable(check, read, names):
                _by_columns(check, read, names, found, problems)
                break
    return found, problems


def _by_key(check, read, found, problems):
    given = {index: key for index, key in enumerate(read.values[KEY]) if key is not None}
    stored = {row.pk: row for row in policy.scope(check.user, check.model).filter(pk__among=set(given.values()))}
    first = {}
    for index, key in given.items():
        if key not in stored:
            problems[index] = (KEY, _("There is no record with this key, or you may not see it."))
        elif key in first:
            problems[index] = (KEY, _("This is the same as in row %(row)s.") % {"row": read.numbers[first[key]]})
        else:
            first[key] = index
            found[index] = stored[key]


def _usable(check, read, names):
    """True if the file has all columns of a key; the company may be left out where new records get one by themselves."""
    return all(name in read.values or (name == "company" and check.default_company is not None) for name in names)


def _by_columns(check, read, names, found, problems):
    model = check.model
    attnames = [model._meta.get_field(name).attname for name in names]
    columns = [read.values.get(name, [check.default_company] * len(read.rows)) for name in names]
    wanted = {}
    for index, key in enumerate(zip(*columns, strict=True)):
        if found[index] is not None or index in problems or index in read.errors or not all(_is_plain(part) for part in key):
            continue
        if key in wanted:
            telling = next((name for name in names if name != "company"), names[0])
            problems[index] = (telling, _("This is the same as in row %(row)s.") % {"row": read.numbers[wanted[key]]})
        else:
            wanted[key] = index
    stored = _stored(check, names, attnames, wanted)
    for key, index in wanted.items():
        hits = stored.get(key, ())
        if len(hits) == 1:
            found[index] = hits[0]
        elif hits:
            problems[index] = (names[-1], _("Several records fit this row; give the record key."))


def _is_plain(part):
    return part is not None and part != "" and type(part) is not object


def _stored(check, names, attnames, wanted):
    """{key: [records]} in the person's range."""
    if not wanted:
        return {}
    spread = [len({key[place] for key in wanted}) for place in range(len(attnames))]
    driver = spread.index(max(spread))
    query = policy.scope(check.user, check.model)
    for place, attname in enumerate(attnames):
        if spread[place] == 1 and place != driver:
            query = query.filter(**{attname: next(iter(wanted))[place]})
    stored = defaultdict(list)
    for row in query.filter(**among(check.model, names[driver], {key[driver] for key in wanted})):
        key = tuple(getattr(row, attname) for attname in attnames)
        if key in wanted:
            stored[key].append(row)
    return stored


def _by_number(check, read, found, problems):
    """Documents by our number; a number that is not ours is the file's own and goes to external_number, by which they are found again."""
    numbers = read.values.get("number", [""] * len(read.rows))
    external = read.values.setdefault("external_number", [""] * len(read.rows))
    waiting = [index for index, record in enumerate(found) if record is None and index not in problems]
    ours = _documents(check, "number", {numbers[index] for index in waiting})
    for index in waiting:
        hits = ours.get(numbers[index], ())
        if hits:
            found[index] = hits[0]
        elif numbers[index] and not external[index]:
            external[index] = numbers[index]
    waiting = [index for index in waiting if found[index] is None]
    theirs = _documents(check, "external_number", {external[index] for index in waiting})
    for index in waiting:
        hits = theirs.get(external[index], ())
        if len(hits) > 1:
            problems[index] = ("external_number", _("Several records fit this row; give the record key."))
        elif hits:
            found[index] = hits[0]


def _documents(check, name, texts):
    found = defaultdict(list)
    wanted = {text for text in texts if isinstance(text, str) and text}
    if wanted:
        for row in policy.scope(check.user, check.model).filter(**{f"{name}__among": wanted}):
            found[getattr(row, name)].append(row)
    return found
