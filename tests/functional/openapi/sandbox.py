"""The built spillway-sandbox as a child process, and one connected Xero organisation of it."""

import base64
import html
import http.client
import json
import re
import subprocess
import urllib.parse

CLIENT = "sandbox-xero-client"
SECRET = "sandbox-xero-secret"
REDIRECT = "http://localhost/callback"
SCOPES = "offline_access accounting.invoices accounting.payments accounting.contacts accounting.settings"
START_LIMIT_S = 30


class Sandbox:
    def __init__(self, program):
        self.process = subprocess.Popen([program, "--port", "0"], stdout=subprocess.PIPE, text=True)
        try:
            line = self.process.stdout.readline()
            self.port = json.loads(line)["port"]
            self.token = self.tenant = None
            self._connect()
        except BaseException:
            self.close()
            raise

    def close(self):
        """@return the status that the process ended with"""
        self.process.terminate()
        try:
            return self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def send(self, method, target, body=None, headers=None):
        """@return (status, headers, text)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_LIMIT_S)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode("utf-8")
        finally:
            connection.close()

    def api(self, method, target, document=None):
        headers = {"Authorization": f"Bearer {self.token}", "xero-tenant-id": self.tenant, "Accept": "application/json"}
        body = None
        if document is not None:
            body = document if isinstance(document, str) else json.dumps(document)
            headers["Content-Type"] = "application/json"
        status, _, text = self.send(method, "/api.xro/2.0" + target, body, headers)
        return status, text

    def configure(self, settings):
        status, _, text = self.send("POST", "/_sandbox/xero/configure", json.dumps(settings))
        if status != 200:
            raise RuntimeError(f"configure: {status} {text}")

    def _form(self, target, fields, headers=None):
        kind = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self.send("POST", target, urllib.parse.urlencode(fields), kind)

    def _connect(self):
        """Through the consent page, as a person would."""
        asked = {"response_type": "code", "client_id": CLIENT, "redirect_uri": REDIRECT, "scope": SCOPES, "state": "s"}
        _, _, page = self.send("GET", "/identity/connect/authorize?" + urllib.parse.urlencode(asked))
        fields = {name: html.unescape(value)
                  for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)}
        _, headers, _ = self._form("/identity/connect/authorize", {**fields, "tenant": "Demo Company (UK)", "decision": "allow"})
        back = urllib.parse.parse_qs(urllib.parse.urlsplit(headers["Location"]).query)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        grant = {"grant_type": "authorization_code", "code": back["code"][0], "redirect_uri": REDIRECT}
        _, _, text = self._form("/connect/token", grant, {"Authorization": f"Basic {basic}"})
        self.token = json.loads(text)["access_token"]
        _, _, text = self.send("GET", "/connections", headers={"Authorization": f"Bearer {self.token}"})
        self.tenant = json.loads(text)[0]["tenantId"]
