"""The logo and the seal of a company: files on its record named logo.png and seal.png (or .jpg)."""

import base64
from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType

from models.office.models import Attachment

KINDS = {"png": ("image/png", b"\x89PNG\r\n\x1a\n"), "jpg": ("image/jpeg", b"\xff\xd8\xff"), "jpeg": ("image/jpeg", b"\xff\xd8\xff")}
LARGEST = 1024 * 1024


@dataclass
class Images:
    """Pictures as data in the page itself, so that printing fetches nothing."""

    logo: str = ""
    seal: str = ""


def images_of(company):
    """The pictures of a company; empty where there are none, or where a file is no picture or too large."""
    kind = ContentType.objects.get_for_model(company)
    names = [f"{name}.{ending}" for name in ("logo", "seal") for ending in KINDS]
    found = Images()
    for file in Attachment.objects.filter(content_type=kind, object_id=company.pk, name__in=names).order_by("pk"):
        name, ending = file.name.split(".")
        if data := _read(file):
            setattr(found, name, f"data:{KINDS[ending][0]};base64,{base64.b64encode(data).decode()}")
    return found


def _read(attachment):
    ending = attachment.name.rsplit(".", 1)[-1]
    if attachment.size > LARGEST:
        return b""
    try:
        with attachment.file.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError:
        return b""
    return data if data.startswith(KINDS[ending][1]) and len(data) <= LARGEST else b""
