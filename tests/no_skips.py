"""A pytest plugin: with SSLBENCH_NO_SKIPS=1 a skipped test fails the run, unless its reason starts with
"needs a GPU"."""

import os


def unwanted_skips(stats: dict) -> list[str]:
    """ "where: reason" of each skipped test or module in pytest's statistics that no missing GPU explains."""
    skips = []
    for report in stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        if not reason.startswith("needs a GPU"):
            skips.append(f"{report.nodeid}: {reason}")
    return skips


def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    # a worker of pytest-xdist has no reporter
    if os.environ.get("SSLBENCH_NO_SKIPS") != "1" or reporter is None:
        return
    skips = unwanted_skips(reporter.stats)
    for line in skips:
        reporter.write_line(f"NOT ALLOWED TO SKIP {line}", red=True)
    if skips:
        session.exitstatus = 1
