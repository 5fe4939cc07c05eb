"""A pytest plugin that writes one line for each test, its outcome and its name, to the file IRSA_OUTCOMES."""

import os

outcomes = {}


def pytest_runtest_logreport(report):
    outcome = report.outcome
    if outcome == "failed" and report.when != "call":
        outcome = "error"
    if hasattr(report, "wasxfail"):
        outcome = f"x{outcome}"
    # The call is reported between set-up and teardown, which have nothing to add where they pass.
    if report.when == "call" or outcome != "passed":
        outcomes[report.nodeid] = outcome


def pytest_sessionfinish():
    with open(os.environ["IRSA_OUTCOMES"], "w") as file:
        for name, outcome in sorted(outcomes.items()):
            file.write(f"{outcome} {ascii(name)[1:-1]}\n")
