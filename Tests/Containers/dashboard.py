"""Grafana's dashboard: what Grafana asks of its shape, and that each of its queries finds something."""
import json
import math
import re
import urllib.error
import urllib.parse
import urllib.request

from system import DEPLOY, eventually

KINDS = {"row", "state-timeline", "stat", "table", "timeseries"}


def check(checks, system):
    with open(f"{DEPLOY}/grafana/dashboards/nimmerverse.json") as file:
        dashboard = json.load(file)
    panels = [panel for panel in dashboard["panels"] for panel in [panel, *panel.get("panels", [])]]
    check_shape(checks, dashboard, panels)
    prometheus = Prometheus(f"http://{system.address('prometheus')}:9090")
    check_queries(checks, panels, prometheus)
    for variable in dashboard["templating"]["list"]:
        metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
        found = eventually(lambda: prometheus.values(label, metric), limit=120, pause=1)
        checks(found, f"the variable '{variable['name']}' has values to choose from", variable["query"])
    check_alerts(checks, prometheus)


def check_shape(checks, dashboard, panels):
    """The documented JSON model: a uid, panels that are told apart and lie beside each other on 24 columns."""
    identity = dashboard["uid"], dashboard["schemaVersion"]
    checks(8 <= len(identity[0]) <= 40 and isinstance(identity[1], int), "the dashboard has an identity", identity)
    numbers = [panel["id"] for panel in panels]
    checks(len(set(numbers)) == len(numbers), "each panel has a number of its own", numbers)
    with open(f"{DEPLOY}/grafana/provisioning/datasources/prometheus.yaml") as file:
        source = re.search(r"uid: (\w+)", file.read()).group(1)
    variables = {variable["name"] for variable in dashboard["templating"]["list"]} | {"__rate_interval", "__range"}
    taken = set()
    for panel in panels:
        title, place = panel["title"], panel["gridPos"]
        right, bottom = place["x"] + place["w"], place["y"] + place["h"]
        cells = {(x, y) for x in range(place["x"], right) for y in range(place["y"], bottom)}
        checks(cells and right <= 24 and not cells & taken, f"the panel '{title}' has its place", place)
        taken |= cells
        checks(panel["type"] in KINDS, f"the panel '{title}' is of a known kind", panel["type"])
        targets = panel.get("targets", [])
        checks(bool(targets) != (panel["type"] == "row"), f"the panel '{title}' asks something")
        names = [target["refId"] for target in targets]
        checks(len(set(names)) == len(names), f"the queries of '{title}' are told apart", names)
        for target in targets:
            checks(target["datasource"]["uid"] == source, f"the panel '{title}' asks the server that is there", target)
            unknown = set(re.findall(r"\$(\w+)", target["expr"])) - variables
            checks(not unknown, f"the panel '{title}' uses variables that are there", unknown)


def check_queries(checks, panels, prometheus):
    """Every query finds numbers in a real Prometheus."""
    queries = [(panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", [])]
    checks(len(queries) > 10, "the dashboard asks something", len(queries))
    for title, expression in queries:
        try:
            found = eventually(lambda: prometheus.numbers(expression), limit=120, pause=1)
            checks(found, f"the panel '{title}' finds something", expression)
        except urllib.error.HTTPError as error:
            checks(False, f"the panel '{title}' asks what Prometheus understands", error.read().decode())


def check_alerts(checks, prometheus):
    """Prometheus evaluates each rule, asks for numbers that are there, and raises none while all is well."""
    rules = lambda: [rule for group in prometheus.get("/api/v1/rules")["groups"] for rule in group["rules"]]
    healthy = eventually(lambda: (found := rules()) and all(rule["health"] == "ok" for rule in found), limit=120, pause=1)
    checks(healthy, "every alert is evaluated", [(rule["name"], rule["health"], rule.get("lastError")) for rule in rules()])
    for rule in rules():
        for name in re.findall(r"nimmer_\w+", rule["query"]):
            found = eventually(lambda: prometheus.numbers(name), limit=120, pause=1)
            checks(found, f"the alert '{rule['name']}' asks for numbers that are there", name)
        checks(rule["state"] == "inactive", f"the alert '{rule['name']}' is quiet", rule["alerts"])


class Prometheus:
    def __init__(self, address):
        self.address = address

    def get(self, path, **parameters):
        with urllib.request.urlopen(f"{self.address}{path}?{urllib.parse.urlencode(parameters)}", timeout=60) as answer:
            return json.load(answer)["data"]

    def numbers(self, expression):
        """What a query finds, as Grafana asks it; "not a number" is nothing found."""
        for name, value in (("$__rate_interval", "20s"), ("$__range", "5m"), ("$part", ".*"), ("$region", ".*")):
            expression = expression.replace(name, value)
        found = self.get("/api/v1/query", query=expression)["result"]
        return [series for series in found if math.isfinite(float(series["value"][1]))]

    def values(self, label, metric):
        return self.get(f"/api/v1/label/{label}/values", **{"match[]": metric})
