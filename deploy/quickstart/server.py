"""The embedded API server's own account: its record of requests, its pods, and the faults we ask for."""
import base64
import http.client
import json
import re
import ssl
from pathlib import Path
from urllib.parse import quote, urlsplit

from processes import Problem

AGENT = "outrigger"  # how the agent's User-Agent begins; our own requests name themselves otherwise


class Server:
    """One keep-alive connection, with the address, token and CA of the kubeconfig that the server wrote."""

    def __init__(self, kubeconfig):
        text = Path(kubeconfig).read_text()
        # The server writes one cluster and one user; no YAML library is needed for three lines.
        url = urlsplit(self._field(text, "server"))
        self.token = self._field(text, "token")
        context = ssl.create_default_context()
        if "certificate-authority-data:" in text:
            context.load_verify_locations(cadata=base64.b64decode(self._field(text, "certificate-authority-data")).decode())
        elif "certificate-authority:" in text:
            context.load_verify_locations(cafile=self._field(text, "certificate-authority"))
        self.connection = http.client.HTTPSConnection(url.hostname, url.port, context=context, timeout=30)

    @staticmethod
    def _field(text, name):
        match = re.search(rf"^\s*-?\s*{name}:\s*['\"]?([^'\"\s]+)", text, re.M)
        if not match:
            raise Problem(f"the kubeconfig has no {name}")
        return match[1]

    def ask(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}", "User-Agent": "quickstart"}
        for attempt in (1, 2):
            try:
                self.connection.request(method, path, body=body, headers=headers)
                answer = self.connection.getresponse()
                data = answer.read()
                break
            except (http.client.HTTPException, OSError) as problem:
                self.connection.close()
                if attempt == 2:
                    raise Problem(f"the API server does not answer {method} {path}: {problem}") from problem
        if answer.status >= 300:
            raise Problem(f"the API server answers {method} {path} with {answer.status}: {data[:300].decode(errors='replace')}")
        return json.loads(data) if data.strip() else {}

    def record(self):
        """Every request since the start, oldest first."""
        return self.ask("GET", "/_control/record")

    def pods(self, namespace):
        """name -> pod, as the API shows them."""
        items = self.ask("GET", f"/api/v1/namespaces/{namespace}/pods")["items"]
        return {pod["metadata"]["name"]: pod for pod in items}

    def die(self, namespace, name, cause):
        self.ask("POST", f"/_control/pods/{quote(namespace)}/{quote(name)}/die?cause={quote(cause)}")

    def faults(self, script):
        """Replaces the fault script (YAML)."""
        self.ask("POST", "/_control/faults", script)

    def compact(self):
        self.ask("POST", "/_control/compact")

    def drop_watches(self):
        self.ask("POST", "/_control/drop-watches")
