"""What must hold, collected as it is checked, and the table at the end."""
GREEN, RED, PLAIN = "ok  ", "FAIL", "    "


class Checks:
    def __init__(self):
        self.lines = []  # (holds, what, detail)

    def expect(self, holds, what, detail=""):
        self.lines.append((bool(holds), what, detail))
        print(f"  {GREEN if holds else RED} {what}{': ' + detail if detail else ''}", flush=True)
        return bool(holds)

    def fail(self, what, detail):
        self.expect(False, what, detail)

    def all_hold(self):
        return bool(self.lines) and all(holds for holds, _, _ in self.lines)


def some(items, limit=5):
    items = [str(item) for item in items]
    return ", ".join(items[:limit]) + (f" and {len(items) - limit} more" if len(items) > limit else "")


def print_report(facts, checks, seconds):
    if facts:
        print()
        width = max(len(name) for name, _ in facts)
        for name, value in facts:
            print(f"{name:{width}}   {value}")
    failed = [line for line in checks.lines if not line[0]]
    print(f"\n{len(checks.lines) - len(failed)} of {len(checks.lines)} checks hold, {seconds:.0f} s")
    for _, what, detail in failed:
        print(f"  {RED} {what}: {detail}")
