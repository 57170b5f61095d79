"""Xero's OpenAPI file as JSON Schemas that leave nothing unchecked.

The file is OpenAPI 3.0 and deeply recursive (an invoice holds credit notes that hold allocations that hold invoices).
Every schema goes into one document as a definition, so that each $ref is resolved wherever it stands; an object takes no
members but the declared ones; a keyword that is not understood here is an error, never skipped.
"""

import re

import jsonschema
import yaml

API = "/api.xro/2.0"
GUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
MS_DATE = r"^/Date\(-?[0-9]+([+-][0-9]{4})?\)/$"
PLAIN_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

REQUEST = "request"  # what Spillway sends
ANSWER = "answer"    # what the sandbox says of an object
ECHO = "echo"        # a refused element: the object as it was sent, with messages

SAYS_NOTHING = {"description", "example", "externalDocs", "default", "x-enum-varnames", "x-objectArrayKey", "x-is-money"}
UNDERSTOOD = SAYS_NOTHING | {"type", "format", "enum", "maxLength", "items", "properties", "required", "readOnly", "nullable",
                             "$ref", "x-is-msdate", "x-is-msdate-time"}
NUMBER_FORMATS = {"double", "float", "int32", "int64"}

# Members of answers that the file does not declare, each seen in the recorded answers of a live organisation or in the
# file's own examples. Everything else undeclared is an error.
ENVELOPE = ("Id", "Status", "ProviderName", "DateTimeUTC")
EXTRAS = {
    **{name: ENVELOPE for name in ("Accounts", "Contacts", "CreditNotes", "Invoices", "Items", "Organisations", "Payments",
                                   "TaxRates", "Allocations")},
    "Invoice": ("DateString", "DueDateString"),
    "CreditNote": ("DateString",),
}
# A 400's element is the refused object itself; it is held to that object's own schema beside this.
OPEN = {"Element"}


class Loader(yaml.CSafeLoader):
    """Without YAML 1.1's guesses: the country code NO is no boolean, a date in an example is text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))


class Spec:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.document = yaml.load(file, Loader=Loader)
        self.schemas = self.document["components"]["schemas"]
        self._validators = {}
        self._definitions = {}

    def resolve(self, node):
        while "$ref" in node:
            found = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def operation(self, method, path):
        """@return (template, operation) of a request path below the API's base, or None."""
        parts = path.strip("/").split("/")
        exact_first = sorted(self.document["paths"], key=lambda template: template.count("{"))
        for template in exact_first:
            names = template.strip("/").split("/")
            same = len(names) == len(parts) and all(n.startswith("{") or n == p for n, p in zip(names, parts))
            if same and method.lower() in self.document["paths"][template]:
                return template, self.document["paths"][template][method.lower()]
        return None

    def parameters(self, operation):
        return {one["name"]: one for one in map(self.resolve, operation.get("parameters", []))}

    def request_schema(self, operation):
        return self._name(operation.get("requestBody"))

    def answer_schema(self, operation, status):
        """@return the schema's name; None where the answer has no body; KeyError for a status that is not declared."""
        return self._name(operation["responses"][str(status)])

    def _name(self, body):
        content = self.resolve(body).get("content") if body else None
        if not content:
            return None
        return content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]

    def errors(self, name, mode, document):
        """Why the document does not match; empty when it does."""
        if (name, mode) not in self._validators:
            if mode not in self._definitions:
                self._definitions[mode] = {key: self.convert(key, schema, mode) for key, schema in self.schemas.items()}
            whole = {"$ref": f"#/definitions/{name}", "definitions": self._definitions[mode]}
            jsonschema.Draft7Validator.check_schema(whole)
            self._validators[name, mode] = jsonschema.Draft7Validator(whole)
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
                for error in self._validators[name, mode].iter_errors(document)]

    def convert(self, name, schema, mode):
        """One schema of the file as JSON Schema. `name` is that of a component, or None for a nested one."""
        unknown = set(schema) - UNDERSTOOD
        if unknown:
            raise ValueError(f"{name}: keywords that nobody checks: {sorted(unknown)}")
        if "$ref" in schema:
            return {"$ref": "#/definitions/" + schema["$ref"].rsplit("/", 1)[1]}
        out = {"type": schema["type"]} if "type" in schema else {}
        for keyword in ("enum", "maxLength"):
            if keyword in schema:
                out[keyword] = schema[keyword]
        pattern = self._pattern(schema, mode)
        if pattern:
            out["pattern"] = pattern
        if "items" in schema:
            out["items"] = self.convert(None, schema["items"], mode)
        if "properties" in schema:
            self._members(name, schema, mode, out)
        return {"anyOf": [out, {"type": "null"}]} if schema.get("nullable") else out

    def _members(self, name, schema, mode, out):
        kept = {member: one for member, one in schema["properties"].items()
                if not (mode == REQUEST and one.get("readOnly"))}  # what is read only is not ours to send
        out["type"] = "object"
        out["properties"] = {member: self.convert(None, one, mode) for member, one in kept.items()}
        if mode != REQUEST:
            for extra in EXTRAS.get(name, ()):
                out["properties"].setdefault(extra, {"type": "string"})
        if mode != ECHO and "required" in schema:
            out["required"] = [member for member in schema["required"] if member in kept]
        out["additionalProperties"] = name in OPEN

    @staticmethod
    def _pattern(schema, mode):
        if schema.get("x-is-msdate") or schema.get("x-is-msdate-time"):
            return {REQUEST: PLAIN_DATE, ANSWER: MS_DATE, ECHO: f"{PLAIN_DATE}|{MS_DATE}"}[mode]
        word = schema.get("format")
        if word == "uuid":
            return GUID
        if word is not None and schema.get("type") not in ("number", "integer"):
            if word not in ("date", "date-time", "byte", "binary"):
                raise ValueError(f"format {word} is checked by nobody")
        elif word is not None and word not in NUMBER_FORMATS:
            raise ValueError(f"number format {word} is checked by nobody")
        return None
