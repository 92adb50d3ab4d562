"""The pages of import and export: from the file to the result, only for whom it is allowed, once only."""

import io
from types import SimpleNamespace

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from admin_config.spreadsheets import running, runs, tasks
from admin_config.spreadsheets.reading import read_table
from models.audit.changes import changes
from models.audit.models import ChangeSet, Job
from models.customers.models import Customer
from models.lowcode.models import ExportRun, ImportMapping, ImportRun
from models.org.models import Employee, Role, RoleGrant
from models.stock.models import Balance

pytestmark = pytest.mark.django_db

GOOD = "code,name,phone\nX1,One,1\nX2,,2\nX3,Three,3\n"


def address(page, *arguments, record="customers_customer"):
    return reverse(f"admin:{record}_{page}", args=arguments)


def login(user):
    client = Client()
    client.force_login(user)
    return client


def grant(user, *verbs, kind="customers.customer", scope="all"):
    """Give the role that the person holds these rights."""
    with changes("command"):
        role = Role.objects.filter(holders__employee=user.employee).first()
        for verb in verbs:
            RoleGrant.objects.update_or_create(role=role, record_type=kind, verb=verb, defaults={"scope": scope})


@pytest.fixture
def clerk(people):
    """A salesperson who may import and export customers, signed in."""
    user = people.salesperson
    grant(user, "view", "add", "change", "import", "export")
    return SimpleNamespace(user=user, client=login(user))


def upload(client, content, name="customers.csv", follow=False, **more):
    data = {"file": SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode()), **more}
    return client.post(address("import"), data, follow=follow)


def workbook(sheets):
    buffer = io.BytesIO()
    made = xlsxwriter.Workbook(buffer)
    for name, rows in sheets.items():
        sheet = made.add_worksheet(name)
        for line, row in enumerate(rows):
            sheet.write_row(line, 0, row)
    made.close()
    return buffer.getvalue()


def test_upload_check_apply_result(clerk):
    answer = upload(clerk.client, GOOD, follow=True)
    run = ImportRun.objects.get()
    assert answer.redirect_chain == [(address("import_check", run.token), 302)], "known headings need no mapping"
    page = answer.content.decode()
    assert "This must be filled in." in page and "Import 2 records" in page
    assert not Customer.objects.filter(code="X1").exists(), "a check writes nothing"
    done = clerk.client.post(address("import_check", run.token), follow=True)
    run.refresh_from_db()
    assert (run.state, run.new, run.refused, run.user) == (ImportRun.State.DONE, 2, 1, clerk.user)
    assert done.redirect_chain[-1][0] == address("import_result", run.token)
    journal = ChangeSet.objects.get(pk=run.changeset)
    assert (journal.kind, journal.source, journal.user_id, journal.path) == (
        "import",
        "customers.csv",
        clerk.user.pk,
        address("import_check", run.token),
    )
    refused = clerk.client.get(address("import_refused", run.token))
    path = runs.folder_of(run) / "out.xlsx"
    path.write_bytes(refused.content)
    assert read_table(path).rows == [["code", "name", "phone", "Refused because"], ["X2", None, "2", "name: This must be filled in."]]


def test_confirmed_twice_it_is_done_once(clerk):
    upload(clerk.client, GOOD, follow=True)
    run = ImportRun.objects.get()
    clerk.client.post(address("import_check", run.token))
    before = ChangeSet.objects.count()
    again = clerk.client.post(address("import_check", run.token))
    assert (again.status_code, again["Location"]) == (302, address("import_result", run.token))
    assert (ChangeSet.objects.count(), Customer.objects.filter(code="X1").count()) == (before, 1)


def test_a_run_is_its_owners_alone_and_of_its_record_type(clerk, people):
    upload(clerk.client, GOOD, follow=True)
    run = ImportRun.objects.get()
    other = people.sales_supervisor
    grant(other, "view", "add", "change", "import")
    stranger = login(other)
    for page in ("import_check", "import_map", "import_result", "import_refused"):
        assert stranger.get(address(page, run.token)).status_code == 404
    grant(clerk.user, "view", "add", "change", "import", kind="customers.contact")
    assert clerk.client.get(address("import_check", run.token, record="customers_contact")).status_code == 404
    assert clerk.client.get(address("import_check", "guessed")).status_code == 404


def test_without_the_right_there_is_no_way_in(people):
    user = people.salesperson
    with changes("command"):
        RoleGrant.objects.filter(record_type="customers.customer", verb__in=["import", "export"]).delete()
    client = login(user)
    for page in ("import", "import_template", "export"):
        assert client.get(address(page)).status_code == 403
    assert upload(client, GOOD).status_code == 403
    assert client.post(address("export"), {"format": "csv"}).status_code == 403
    page = client.get(address("changelist")).content.decode()
    assert address("import") not in page and address("export") not in page
    assert not ImportRun.objects.exists() and not ExportRun.objects.exists()


def test_ledgers_have_no_import(people):
    client = login(people.administrator)
    page = client.get(reverse("admin:stock_balance_changelist")).content.decode()
    assert "/export/" in page and "/import/" not in page
    assert client.get(reverse("admin:stock_balance_import")).status_code == 403


def test_rights_lost_between_check_and_confirmation(clerk):
    upload(clerk.client, GOOD, follow=True)
    run = ImportRun.objects.get()
    with changes("command"):
        RoleGrant.objects.filter(record_type="customers.customer", verb="add").delete()
    clerk.client.post(address("import_check", run.token))
    assert not Customer.objects.filter(code__in=["X1", "X3"]).exists()


def test_columns_are_mapped_remembered_and_chosen_again(clerk):
    grant(clerk.user, "add", "change", kind="lowcode.importmapping")
    foreign = "Nr;Firma;Junk\nX1;One;a\nX2;Two;b\n"
    answer = upload(clerk.client, foreign)
    run = ImportRun.objects.get()
    assert answer["Location"] == address("import_map", run.token)
    page = clerk.client.get(answer["Location"]).content.decode()
    assert page.index("Junk") < page.index("Leave out") or "Firma" in page
    data = {"column-0": "code", "column-1": "name", "column-2": "", "constant-phone": "555", "save_as": "Old system"}
    assert clerk.client.post(answer["Location"], data)["Location"] == address("import_check", run.token)
    saved = ImportMapping.objects.get()
    assert (saved.name, saved.columns) == ("Old system", {"code": "Nr", "name": "Firma", "phone": {"value": "555"}})
    clerk.client.get(address("import_check", run.token))
    clerk.client.post(address("import_check", run.token))
    assert set(Customer.objects.filter(code__startswith="X").values_list("name", "phone")) == {("One", "555"), ("Two", "555")}
    again = upload(clerk.client, foreign.replace("Two", "Deux"), mapping=saved.pk, follow=True)
    assert again.redirect_chain[0][0].startswith(address("import")) and "Import 1 record<" in again.content.decode()


def test_how_rows_find_their_records_is_chosen(clerk):
    grant(clerk.user, "view", "add", "change", "import", kind="customers.contact")
    customer = Customer.objects.first()
    content = f"customer,name,Junk\n{customer.code},Same name,1\n{customer.code},Same name,2\n"
    answer = clerk.client.post(address("import", record="customers_contact"), {"file": SimpleUploadedFile("k.csv", content.encode())})
    data = {"column-0": "customer", "column-1": "name"}
    page = clerk.client.post(answer["Location"], data | {"key": "customer+name"}, follow=True).content.decode()
    assert "same as in row 2" in page
    page = clerk.client.post(answer["Location"], data | {"key": "-"}, follow=True).content.decode()
    assert "Import 2 records" in page


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"column-0": "code", "column-1": "code"}, "both mean"),
        ({}, "at least one column"),
        ({"column-0": "password"}, "cannot be used"),
        ({"column-0": "search_text"}, "cannot be used"),
    ],
)
def test_a_wrong_choice_of_columns_comes_back(clerk, data, words):
    answer = upload(clerk.client, "Nr;Firma\nX1;One\n")
    page = clerk.client.post(answer["Location"], data)
    assert (page.status_code, words in page.content.decode()) == (200, True)


def test_another_sheet(clerk):
    upload(clerk.client, workbook({"Notes": [["hello"]], "Data": [["code", "name"], ["X1", "One"]]}), "b.xlsx")
    run = ImportRun.objects.get()
    clerk.client.post(address("import_map", run.token), {"sheet": "Data"})
    run.refresh_from_db()
    assert run.sheet == "Data"
    assert "Import 1 record<" in clerk.client.get(address("import_check", run.token)).content.decode()


@pytest.mark.parametrize("content", [b"", b"<html><p>no</p></html>", b"\x00\x01\x02", b"PK\x03\x04broken", b"only a heading"])
def test_junk_comes_back_with_a_sentence(clerk, content):
    answer = upload(clerk.client, content, "junk.xlsx", follow=True)
    assert answer.status_code == 200
    run = ImportRun.objects.first()
    if run is None or run.state == ImportRun.State.FAILED:
        assert 'role="alert"' in answer.content.decode()
    assert not Customer.objects.filter(code__startswith="X").exists()


def test_effective_history_is_offered_to_whom_it_is_allowed(people):
    user = people.salesperson
    grant(user, "view", "add", "change", "import", kind="stock.openingstock")
    client = login(user)
    content = "external number,warehouse,date,product,quantity,unit cost\nA,W,2025-01-01,P,1,1\n"
    page = reverse("admin:stock_openingstock_import")
    client.post(page, {"file": SimpleUploadedFile("s.csv", content.encode())})
    run = ImportRun.objects.get()
    columns = address("import_map", run.token, record="stock_openingstock")
    assert 'name="effective"' not in client.get(columns).content.decode()
    client.post(columns, {"column-0": "external_number", "effective": "1"})
    run.refresh_from_db()
    assert "effective" not in run.options, "a forged box changes nothing"
    grant(user, "import_effective", kind="stock.openingstock")
    assert 'name="effective"' in client.get(columns).content.decode()
    assert not Balance.objects.filter(on_hand__gt=0).exists()


def test_a_long_import_goes_to_the_worker(clerk, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(running, "IN_REQUEST", 2)
    rung = []
    monkeypatch.setattr(type(tasks.import_run), "enqueue", lambda self, *arguments: rung.append(arguments))
    upload(clerk.client, GOOD, follow=True)
    run = ImportRun.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        page = clerk.client.post(address("import_check", run.token), follow=True)
    assert "You may leave this page" in page.content.decode()
    run.refresh_from_db()
    assert (run.state, rung, Customer.objects.filter(code="X1").exists()) == (ImportRun.State.WAITING, [(run.pk,)], False)
    tasks.import_run.func(run.pk)
    run.refresh_from_db()
    job = Job.objects.get(pk=run.job_id)
    assert (run.state, run.new, job.state, job.changeset, job.requested_by) == ("done", 2, "done", run.changeset, clerk.user.pk)
    assert ChangeSet.objects.get(pk=run.changeset).user_id == clerk.user.pk
    tasks.import_run.func(run.pk)
    assert Customer.objects.filter(code="X1").count() == 1, "started again it finds everything done"
    assert "2" in clerk.client.get(address("import_result", run.token)).content.decode()


def test_the_worker_asks_for_the_rights_that_are_left(clerk, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(running, "IN_REQUEST", 2)
    upload(clerk.client, GOOD, follow=True)
    run = ImportRun.objects.get()
    with django_capture_on_commit_callbacks(execute=False):
        clerk.client.post(address("import_check", run.token))
    with changes("command"):
        RoleGrant.objects.filter(record_type="customers.customer", verb="import").delete()
    tasks.import_run.func(run.pk)
    run.refresh_from_db()
    assert (run.state, Customer.objects.filter(code="X1").exists()) == (ImportRun.State.FAILED, False)
    assert "import" in run.message


# -- the way out -------------------------------------------------------------------------------------------------------


def exported(client, query="", **data):
    answer = client.post(f"{address('export')}{query}", {"format": "csv", **data})
    assert answer["Content-Disposition"].startswith("attachment")
    return answer.content.decode("utf-8-sig").splitlines()


def test_export_of_the_filtered_and_of_the_selected(clerk):
    page = clerk.client.get(address("export"))
    assert page.status_code == 200 and "Kind of file" in page.content.decode()
    everything = exported(clerk.client)
    assert len(everything) == 1 + Customer.objects.count()
    some = Customer.objects.order_by("pk").first()
    found = exported(clerk.client, f"?q={some.code}")
    assert len(found) < len(everything) and any(some.code in line for line in found)
    one = exported(clerk.client, f"?ids={some.pk}", columns=["name", "code"], marked="1")
    assert one[0].startswith("Exported by") and len(one) == 3
    log = ExportRun.objects.first()
    assert (log.rows, log.columns, log.selection, log.user) == (1, ["name", "code"], f"ids={some.pk}", clerk.user)


def test_export_leaves_out_what_is_not_in_range(clerk, people):
    with changes("command"):
        RoleGrant.objects.filter(record_type="customers.customer").update(scope="own")
        Customer.objects.all().update(owner=Employee.objects.exclude(pk=clerk.user.employee_id).first())
        mine = Customer.objects.first()
        Customer.objects.filter(pk=mine.pk).update(owner=clerk.user.employee)
    lines = exported(clerk.client, "?ids=" + ",".join(str(key) for key in Customer.objects.values_list("pk", flat=True)))
    assert len(lines) == 2 and mine.code in lines[1]


def test_selected_rows_of_the_list_lead_to_the_export(clerk):
    keys = list(Customer.objects.values_list("pk", flat=True)[:2])
    answer = clerk.client.post(address("changelist"), {"action": "export_selected", "_selected_action": keys, "index": "0"})
    assert answer.status_code == 302 and answer["Location"].startswith(address("export") + "?ids=")
    answer = clerk.client.post(
        address("changelist") + "?q=a", {"action": "export_selected", "_selected_action": keys, "select_across": "1", "index": "0"}
    )
    assert answer["Location"] == address("export") + "?q=a"


@pytest.mark.parametrize("query", ["?ids=abc", "?nonsense__gt=4", "?o=99", "?ids=1,2,99999999999999999999999"])
def test_nonsense_in_the_address_is_no_error(clerk, query):
    assert clerk.client.get(address("export") + query).status_code in (200, 302, 400, 404)
