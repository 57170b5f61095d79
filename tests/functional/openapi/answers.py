"""The sandbox's answers: a table of requests, each with the status that it must get."""

DAY = "2026-09-30"


def line(quantity=2, price=10.5, **more):
    return {"Description": "Widgets", "Quantity": quantity, "UnitAmount": price, "AccountCode": "200", "TaxType": "OUTPUT2", **more}


def document(kind, contact, number, lines=None, **more):
    return {"Type": "ACCREC" if kind == "Invoice" else "ACCRECCREDIT", "Contact": {"ContactID": contact}, "Date": DAY,
            **({"DueDate": "2026-10-30"} if kind == "Invoice" else {}), "LineAmountTypes": "Exclusive",
            f"{kind}Number": number, "CurrencyCode": "GBP", "Status": "AUTHORISED", "LineItems": lines or [line()], **more}


def play(ask):
    """Every request. `ask(name, method, target, status, document=None)` sends one and gives its answer's document."""
    reference_data(ask)
    contact = contacts(ask)
    items(ask)
    invoice = documents(ask, "Invoice", "Invoices", contact)
    note = documents(ask, "CreditNote", "CreditNotes", contact)
    settlement(ask, contact, invoice, note)


def reference_data(ask):
    ask("organisation", "GET", "/Organisation", 200)
    accounts = ask("accounts", "GET", "/Accounts", 200)["Accounts"]
    ask("one account", "GET", f"/Accounts/{accounts[0]['AccountID']}", 200)
    ask("accounts of a class", "GET", "/Accounts?where=Class%3D%3D%22REVENUE%22", 200)
    ask("tax rates", "GET", "/TaxRates", 200)


def contacts(ask):
    full = {"Name": "Harbour Lights Ltd", "ContactNumber": "C-1", "EmailAddress": "a@example.com", "TaxNumber": "GB1",
            "Addresses": [{"AddressType": "POBOX", "AddressLine1": "1 Quay", "City": "Hull", "Country": "GB"}],
            "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "020 7946 0000"}], "DefaultCurrency": "GBP"}
    made = ask("one contact", "PUT", "/Contacts?summarizeErrors=true", 200, {"Contacts": [full]})["Contacts"][0]["ContactID"]
    ask("contacts, one refused", "PUT", "/Contacts?summarizeErrors=false", 200,
        {"Contacts": [{"Name": "B"}, {"Name": full["Name"]}, {"Name": "C"}]})
    ask("a contact whose name is taken", "PUT", "/Contacts?summarizeErrors=true", 400, {"Contacts": [{"Name": "B"}]})
    ask("contacts changed", "POST", "/Contacts?summarizeErrors=false", 200, {"Contacts": [{"ContactID": made, "TaxNumber": "GB2"}]})
    ask("a contact changed by id", "POST", f"/Contacts/{made}", 200, {"Contacts": [{"ContactID": made, "FirstName": "Ann"}]})
    ask("a contact by id", "GET", f"/Contacts/{made}", 200)
    ask("a contact by number", "GET", "/Contacts/C-1", 200)
    ask("contacts", "GET", "/Contacts", 200)
    ask("contacts by page", "GET", "/Contacts?page=1&pageSize=2&includeArchived=true", 200)
    other = ask("contacts by name", "GET", "/Contacts?where=Name%3D%3D%22C%22", 200)["Contacts"][0]["ContactID"]
    ask("an archived contact", "POST", f"/Contacts/{other}", 200, {"Contacts": [{"ContactID": other, "ContactStatus": "ARCHIVED"}]})
    return made


def items(ask):
    full = {"Code": "W-1", "Name": "Widget", "Description": "A widget",
            "SalesDetails": {"UnitPrice": 19.995, "AccountCode": "200", "TaxType": "OUTPUT2"}}
    made = ask("one item", "PUT", "/Items?summarizeErrors=true&unitdp=4", 200, {"Items": [full]})["Items"][0]["ItemID"]
    ask("items, one refused", "PUT", "/Items?summarizeErrors=false", 200,
        {"Items": [{"Code": "W-2"}, {"Code": "W-1", "Name": "Again"}]})
    ask("an item whose code is taken", "PUT", "/Items?summarizeErrors=true", 400, {"Items": [full]})
    ask("items changed", "POST", "/Items?summarizeErrors=false", 200, {"Items": [{"ItemID": made, "Code": "W-1", "Name": "New"}]})
    ask("an item by id", "GET", f"/Items/{made}?unitdp=4", 200)
    ask("items", "GET", "/Items?unitdp=4", 200)
    other = ask("an item by code", "GET", "/Items/W-2", 200)["Items"][0]["ItemID"]
    ask("a deleted item", "DELETE", f"/Items/{other}", 204)


def documents(ask, kind, collection, contact):
    """The life of one kind of document. @return the id of an approved one"""
    key = f"{kind}ID"
    made = ask(f"one {kind}", "PUT", f"/{collection}?summarizeErrors=true&unitdp=4", 200,
               {collection: [document(kind, contact, "N-1", [line(3, 19.9999, ItemCode="W-1")], Reference="PO 7")]})
    first = made[collection][0][key]
    wrong = document(kind, contact, "N-3", [line(AccountCode="99999")])
    ask(f"{collection}, one refused", "PUT", f"/{collection}?summarizeErrors=false&unitdp=4", 200,
        {collection: [document(kind, contact, "N-2"), wrong, document(kind, contact, "N-4", Status="DRAFT")]})
    ask(f"a refused {kind}", "PUT", f"/{collection}?summarizeErrors=true", 400, {collection: [wrong]})
    ask(f"a {kind} whose number is taken", "PUT", f"/{collection}?summarizeErrors=true", 400,
        {collection: [document(kind, contact, "N-1")]})
    ask(f"{collection} changed", "POST", f"/{collection}?summarizeErrors=false&unitdp=4", 200,
        {collection: [{key: first, "Reference": "PO 8"}]})
    ask(f"a {kind} by id", "GET", f"/{collection}/{first}?unitdp=4", 200)
    ask(f"{collection} in short", "GET", f"/{collection}", 200)
    listed = ask(f"{collection} by page", "GET", f"/{collection}?page=1&pageSize=100&unitdp=4", 200)[collection]
    ids = {one[f"{kind}Number"]: one[key] for one in listed}
    ask(f"a voided {kind}", "POST", f"/{collection}/{ids['N-2']}", 200, {collection: [{key: ids["N-2"], "Status": "VOIDED"}]})
    ask(f"a deleted draft {kind}", "POST", f"/{collection}/{ids['N-4']}", 200,
        {collection: [{key: ids["N-4"], "Status": "DELETED"}]})
    if kind == "Invoice":
        ask("invoices by number", "GET", "/Invoices?InvoiceNumbers=N-1&page=1&unitdp=4", 200)
        ask("invoices by id", "GET", f"/Invoices?IDs={first}&page=1", 200)
    return first


def settlement(ask, contact, invoice, note):
    part = {"Invoice": {"InvoiceID": invoice}, "Amount": 5.25, "Date": DAY}
    ask("one allocation", "PUT", f"/CreditNotes/{note}/Allocations?summarizeErrors=true", 200, {"Allocations": [part]})
    ask("allocations, one refused", "PUT", f"/CreditNotes/{note}/Allocations?summarizeErrors=false", 200,
        {"Allocations": [{**part, "Amount": 1}, {**part, "Amount": 100000}]})
    ask("a refused allocation", "PUT", f"/CreditNotes/{note}/Allocations?summarizeErrors=true", 400,
        {"Allocations": [{**part, "Amount": 100000}]})
    shown = ask("a credit note with allocations", "GET", f"/CreditNotes/{note}?unitdp=4", 200)["CreditNotes"][0]
    last = shown["Allocations"][-1]["AllocationID"]
    ask("a deleted allocation", "DELETE", f"/CreditNotes/{note}/Allocations/{last}", 200)
    pay = {"Invoice": {"InvoiceID": invoice}, "Account": {"Code": "090"}, "Date": DAY, "Amount": 10, "Reference": "P-1"}
    made = ask("one payment", "PUT", "/Payments?summarizeErrors=true", 200, {"Payments": [pay]})["Payments"][0]["PaymentID"]
    ask("payments, one refused", "PUT", "/Payments?summarizeErrors=false", 200,
        {"Payments": [{**pay, "Amount": 2}, {**pay, "Amount": 100000}]})
    ask("a refused payment", "PUT", "/Payments?summarizeErrors=true", 400, {"Payments": [{**pay, "Amount": 100000}]})
    ask("a payment by POST", "POST", "/Payments", 200, {**pay, "Amount": 3})
    ask("a payment by id", "GET", f"/Payments/{made}", 200)
    ask("payments", "GET", "/Payments?page=1&pageSize=100", 200)
    ask("payments of an invoice", "GET", f"/Payments?where=Invoice.InvoiceID%3D%3Dguid(%22{invoice}%22)", 200)
    ask("an invoice with payments and credits", "GET", f"/Invoices/{invoice}?unitdp=4", 200)
    ask("a deleted payment", "POST", f"/Payments/{made}", 200, {"Status": "DELETED"})
    ask("a request that is no JSON", "PUT", "/Invoices", 400, "{")
