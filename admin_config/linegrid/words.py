"""What the script says, in the person's language."""

from django.utils.translation import gettext as _

from admin_config.drafts import draft_texts


def texts():
    """Sentences by name; what stands in braces the script fills in."""
    return {
        "available": _("Available {quantity} {unit}"),
        "last": _("last {price}/{unit} on {date}"),
        "cost": _("cost {price}"),
        "margin": _("margin {percent} %"),
        "rule": _("Price by: {rule}"),
        "below_floor": _("Below the floor price: needs approval."),
        "no_price": _("No price found. Enter one."),
        "not_found": _("No product “{text}”. F7 looks it up."),
        "several": _("“{text}” fits several products. Choose one."),
        "not_a_number": _("This is not a number."),
        "deleted": _("Row {row} deleted."),
        "undo": _("Undo"),
        "pasted": _("{count} rows pasted: {columns}."),
        "added": _("{count} products added."),
        "scanned": _("{product}: now {quantity}."),
        "too_many": _("A document holds at most {count} lines; {rest} were left out."),
        "unreachable": _("The server does not answer. Keep typing: codes and prices are checked when you save."),
        "draft": _("Unsaved entries from {time}, {count} lines."),
        "draft_outdated": _("The document was changed since."),
        "move_up": _("Move up"),
        "move_down": _("Move down"),
        "insert": _("Insert row above"),
        "copy_down": _("Copy from the row above"),
        "delete": _("Delete row"),
        "nothing_found": _("Nothing found."),
        "lines": _("{count} lines"),
        **draft_texts(),
    }
