"""Filling in a shown form as a browser would send it back: every field as it stands, then what the person types."""


def filled(response, **typed):
    """What the form of a shown page posts: its fields, its further rows, its hidden values; `typed` are the fields changed by hand."""
    context = response.context_data
    forms = [context["adminform"].form]
    data = {context["token_name"]: context["token"], context["base_name"]: context["base"]}
    for one in context["inline_admin_formsets"]:
        forms += [one.formset.management_form, *one.formset.forms]
    for form in forms:
        for field in form:
            data |= _posted(field)
    return data | typed


def _posted(field):
    """{name: value} of a field; several names for a text in several languages, none where nothing is filled in."""
    value, widget = field.value(), field.field.widget
    if hasattr(widget, "decompress"):
        parts = zip(widget.widgets_names, value if isinstance(value, list) else widget.decompress(value), strict=True)
        return {field.html_name + name: part for name, part in parts if part}
    return {} if value in ("", None) or value is False else {field.html_name: "on" if value is True else value}


def rows(prefix, *rows, stored=0):
    """The posted rows of an inline: each a dict of typed fields, after `stored` ones that stay as they are."""
    data = {f"{prefix}-TOTAL_FORMS": stored + len(rows)}
    for number, row in enumerate(rows, stored):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data
