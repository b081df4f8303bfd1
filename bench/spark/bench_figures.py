"""Figures in the shape that bench/run.sh joins, printed as they come."""


class Figures:
    def __init__(self, bench):
        self.bench, self.all = bench, []

    def add(self, case, value, unit, beside="", its=None, at_most=None, at_least=None, exactly=None, note=""):
        """The goal bounds value / its where there is something beside it, else the value."""
        known = value is not None and (not beside or its is not None)
        ratio = value / its if known and beside and its else None
        compared = ratio if beside else value
        goal = met = None
        for sign, bound, holds in (("<=", at_most, lambda: compared <= at_most), (">=", at_least, lambda: compared >= at_least), ("=", exactly, lambda: compared == exactly)):
            if bound is not None:
                goal, met = f"{sign} {bound:.3g}{'x' if beside else ' ' + unit}".rstrip(), compared is not None and holds()
        self.all.append({"bench": self.bench, "case": case, "value": value, "unit": unit, "reference": beside, "reference_value": its, "ratio": ratio, "goal": goal, "met": met})
        print(f"   {case}: {number(value)} {unit}" + (f"   beside {beside}: {number(its)}" + (f", {ratio:.3f}x" if ratio else "") if beside else "")
              + (f"   {goal}: {'met' if met else 'NOT MET'}" if goal else "") + (f"   ({note})" if note else ""), flush=True)


def number(value):
    if value is None:
        return "none"
    if isinstance(value, (str, bool)):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"
