"""Holds the sandbox's Xero answers and Spillway's Xero requests to Xero's OpenAPI file, and proves that the check can fail.

Usage: check.py OPENAPI_FILE BIN_FOLDER. Prints a line per test and `N passed, N failed, N skipped` last.
"""

import json
import os
import subprocess
import sys
import traceback
import urllib.parse

import answers
from mutate import mutations, nested, recursive_chain, wrong
from sandbox import Sandbox
from spec import ANSWER, API, ECHO, REQUEST, Spec

SETS = {"Accounts", "Allocations", "Contacts", "CreditNotes", "Invoices", "Items", "Organisations", "Payments", "TaxRates"}

# What Spillway's table of requests must cover; a request that falls out of the table is a test that fails.
REQUESTED = """PUT /Contacts, POST /Contacts, PUT /Items, POST /Items, DELETE /Items/{ItemID}, PUT /Invoices, POST /Invoices,
PUT /CreditNotes, POST /CreditNotes, PUT /CreditNotes/{CreditNoteID}/Allocations,
DELETE /CreditNotes/{CreditNoteID}/Allocations/{AllocationID}, PUT /Payments, POST /Payments/{PaymentID}, GET /Contacts,
GET /Items, GET /Items/{ItemID}, GET /Invoices, GET /CreditNotes, GET /CreditNotes/{CreditNoteID}, GET /Payments,
GET /Payments/{PaymentID}, GET /Organisation, GET /Accounts, GET /TaxRates"""

# The way that the file's own readers lose: through an invoice's credit notes to other invoices and what they hold.
DEEP = ("Invoices", 0, "CreditNotes", 0, "Allocations", 0, "Invoice", "Payments", 0, "Invoice", "Contact", "Addresses", 0)


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def test(self, name, body):
        """`body` gives a list of complaints, or raises."""
        try:
            complaints = body()
        except Exception:  # whatever went wrong is this test's failure, and the others go on
            complaints = [traceback.format_exc()]
        if complaints:
            self.failed += 1
            print(f"FAIL  {name}")
            for complaint in complaints[:10]:
                print(f"      {complaint}")
        else:
            self.passed += 1
            print(f"ok    {name}")


class Samples:
    """Documents that matched, by schema and mode, the largest of each: material for mutations."""

    def __init__(self):
        self.largest = {}

    def add(self, name, mode, document):
        size = len(json.dumps(document))
        if size > self.largest.get((name, mode), (0, None))[0]:
            self.largest[name, mode] = (size, document)


def hold(spec, samples, name, mode, document):
    complaints = [f"{name}: {error}" for error in spec.errors(name, mode, document)]
    if not complaints:
        samples.add(name, mode, document)
    return complaints


def split(document, collection):
    """The answer without its refused elements, and those."""
    refused = [one for one in document[collection] if one.get("StatusAttributeString") == "ERROR"]
    kept = [one for one in document[collection] if one.get("StatusAttributeString") != "ERROR"]
    return {**document, collection: kept}, refused


def judge_answer(spec, samples, operation, status, document):
    name = spec.answer_schema(operation, status)
    if name in SETS:
        good, refused = split(document, name)
        complaints = hold(spec, samples, name, ANSWER, good) if good[name] else []
        complaints += hold(spec, samples, name, ECHO, {name: refused}) if refused else []
        return complaints if good[name] or refused else [f"{name}: empty, nothing was looked at"]
    return hold(spec, samples, name, ANSWER, document)


def judge_error(spec, samples, target, document):
    """A 400: the envelope, and each element as the object that was sent."""
    complaints = hold(spec, samples, "Error", ANSWER, document)
    collection = urllib.parse.urlsplit(target).path.rsplit("/", 1)[-1]
    elements = document.get("Elements", [])
    if elements:
        complaints += hold(spec, samples, collection, ECHO, {collection: elements})
    return complaints


def check_answers(spec, samples, tally, sandbox):
    sandbox.configure({"limits": {"minute": 100_000}})  # the limits have tests of their own
    got = {}

    def ask(name, method, target, status, document=None):
        def body():
            found = spec.operation(method, urllib.parse.urlsplit(target).path)
            if found is None:
                return [f"{method} {target} is not in the file"]
            answered, text = sandbox.api(method, target, document)
            if answered != status:
                return [f"{status} expected, {answered} came: {text[:500]}"]
            if spec.answer_schema(found[1], status) is None:
                return [f"a body came: {text[:100]}"] if text else []
            got[name] = json.loads(text)
            if status == 400:
                return judge_error(spec, samples, target, got[name])
            return judge_answer(spec, samples, found[1], status, got[name])

        tally.test(f"answer: {name} ({method} {target.split('?')[0]} {status})", body)
        return got.get(name)

    tally.test("answer: every request of the table was played", lambda: answers.play(ask) or [])


def judge_query(spec, operation, query):
    known = spec.parameters(operation)
    for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True):
        if name not in known or known[name]["in"] != "query":
            yield f"query parameter {name} is not declared"
            continue
        kind = spec.resolve(known[name]["schema"]).get("type")
        if kind == "integer" and not value.isdigit() or kind == "boolean" and value not in ("true", "false"):
            yield f"query parameter {name}={value} is no {kind}"


def judge_headers(spec, operation, request):
    headers = request["headers"]
    key = headers.get("Idempotency-Key")
    takes_key = "Idempotency-Key" in spec.parameters(operation)
    if takes_key != (key is not None):
        yield f"an idempotency key is {'missing' if takes_key else 'not declared'}"
    if key is not None and not 0 < len(key) <= 128:
        yield "an idempotency key has at most 128 characters"
    if headers.get("Accept") != "application/json" or not headers.get("xero-tenant-id"):
        yield "Accept or xero-tenant-id is missing"
    if bool(request["body"]) != (headers.get("Content-Type") == "application/json"):
        yield "Content-Type does not fit the body"


def judge_request(spec, samples, request):
    target = urllib.parse.urlsplit(request["target"])
    found = spec.operation(request["method"], target.path.removeprefix(API)) if target.path.startswith(API) else None
    if found is None:
        return [f"{request['method']} {request['target']} is not in the file"]
    complaints = [*judge_query(spec, found[1], target.query), *judge_headers(spec, found[1], request)]
    name = spec.request_schema(found[1])
    if name is None:
        return complaints + (["a body where none is declared"] if request["body"] else [])
    return complaints + hold(spec, samples, name, REQUEST, json.loads(request["body"]))


def check_requests(spec, samples, tally, program):
    lines = subprocess.run([program], check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    seen = set()
    for request in map(json.loads, lines):
        found = spec.operation(request["method"], urllib.parse.urlsplit(request["target"]).path.removeprefix(API))
        if found:
            seen.add(f"{request['method']} {found[0]}")
        tally.test(f"request: {request['case']} ({request['method']} {request['target'].split('?')[0]})",
                   lambda request=request: judge_request(spec, samples, request))
    wanted = {one.strip() for one in REQUESTED.replace("\n", " ").split(",")}
    tally.test("request: every kind and verb is in the table", lambda: sorted(wanted - seen))
    tally.test("request: a wrong one is noticed", lambda: notice_wrong_requests(spec, json.loads(lines[0])))


def notice_wrong_requests(spec, good):
    """The parts of a request beside its body: each wrong one must be complained of."""
    headers = good["headers"]
    wrongs = {
        "another path": {"target": good["target"].replace("Invoices", "Invoice")},
        "another method": {"method": "DELETE"},
        "an undeclared parameter": {"target": good["target"] + "&unit=4"},
        "a parameter of a wrong type": {"target": good["target"].replace("unitdp=4", "unitdp=four")},
        "a long key": {"headers": {**headers, "Idempotency-Key": "k" * 129}},
        "no key": {"headers": {name: value for name, value in headers.items() if name != "Idempotency-Key"}},
        "a read-only member": {"body": json.dumps({"Invoices": [{"AmountDue": 1}]})},
        "a provider's date": {"body": json.dumps({"Invoices": [{"Date": "/Date(0+0000)/"}]})},
    }
    if judge_request(spec, Samples(), good):
        return ["the right request is refused"]
    return [f"{name} passes" for name, change in wrongs.items() if not judge_request(spec, Samples(), {**good, **change})]


def check_mutations(spec, samples, tally):
    """Each document that matched must stop matching when any one place of it is wrong."""
    for (name, mode), (_, document) in sorted(samples.largest.items()):
        def is_open(path, name=name):
            # Members of a 400's elements are anybody's, except the declared list of messages.
            return name == "Error" and len(path) >= 2 and path[0] == "Elements" and path[2:3] != ("ValidationErrors",)

        bad = list(mutations(document, is_open))
        tally.test(f"refused: {len(bad)} mutations of {name} as {mode}",
                   lambda bad=bad, name=name, mode=mode: [f"{'/'.join(map(str, path))} passes" for path, changed in bad
                                                          if not spec.errors(name, mode, changed)] if bad else ["none"])


def leaf_errors(spec, name, mode, path, leaf):
    at = "/".join(map(str, path)) + ":"
    return [error for error in spec.errors(name, mode, nested(path, leaf)) if error.startswith(at)]


def judge_place(spec, name, mode, path, schema):
    """An empty object at a place far down is taken, one with a wrong or undeclared member is not."""
    members = spec.schemas[schema]["properties"]
    text = next(member for member, one in members.items() if one.get("type") == "string" and "$ref" not in one)
    place = "/".join(map(str, path))
    complaints = []
    free = not {"enum", "format", "x-is-msdate", "x-is-msdate-time"} & set(members[text])
    if free and leaf_errors(spec, name, mode, path + (text,), "x"):
        complaints.append(f"{place}/{text}: a right value is refused")
    if not leaf_errors(spec, name, mode, path + (text,), wrong("x")):
        complaints.append(f"{place}/{text}: a wrong type passes")
    undeclared = spec.errors(name, mode, nested(path, {"Undeclared": "x"}))
    if not any(error.startswith(place + ":") and "Undeclared" in error for error in undeclared):
        complaints.append(f"{place}: an undeclared member passes")
    return complaints


def check_recursion(spec, samples, tally):
    for name, mode in sorted(samples.largest):
        def dropped(one, mode=mode):
            return mode == REQUEST and one.get("readOnly", False)

        path, target = recursive_chain(spec.schemas, name, dropped)
        again, last = recursive_chain(spec.schemas, target, dropped)
        path, target = (path + again, last) if again else (path, target)
        if path:
            tally.test(f"refused: a wrong place {len(path)} steps down in {name} as {mode}",
                       lambda name=name, mode=mode, path=path, target=target: judge_place(spec, name, mode, path, target))
    tally.test("refused: a wrong place in an invoice's credit notes' allocations' invoice's payments' invoice",
               lambda: judge_place(spec, "Invoices", ANSWER, DEEP, "Address"))


def main(openapi, folder):
    spec, samples, tally = Spec(openapi), Samples(), Tally()
    sandbox = Sandbox(os.path.join(folder, "spillway-sandbox"))
    try:
        check_answers(spec, samples, tally, sandbox)
    finally:
        status = sandbox.close()
    tally.test("the sandbox ends cleanly when told to", lambda: [f"status {status}"] if status else [])
    tally.test("request: the table is printed", lambda: check_requests(
        spec, samples, tally, os.path.join(folder, "dump-xero-requests")) or [])
    check_mutations(spec, samples, tally)
    check_recursion(spec, samples, tally)
    print(f"{tally.passed} passed, {tally.failed} failed, 0 skipped")
    return 0 if tally.failed == 0 else 1


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:3]))
    except Exception:
        traceback.print_exc(file=sys.stdout)
        print("0 passed, 1 failed, 0 skipped")
        sys.exit(1)
