"""Pay plans as data: one strict model of the YAML file, and the reading of a company's plans folder.

A plan says *what is measured* (components), *over which span* (period), *how it turns into pay* (payout) and *how it is
rounded*. Whatever the engine does not compute is refused here, never left out of the pay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError, model_validator

from salesops_helpers.comp.parts import WrittenPlan
from salesops_helpers.comp.rules import check
from salesops_helpers.errors import SalesOpsError, listed

if TYPE_CHECKING:
    from salesops_helpers.data.company import Company

ENDING = ".yaml"


class Plan(WrittenPlan):
    """A pay plan that can be paid on: a `WrittenPlan` whose parts fit together."""

    @model_validator(mode="after")
    def _payable(self) -> Plan:
        check(self)
        return self


def read_plan(text: str, where: str) -> Plan:
    """The plan that a YAML text holds; `where` names the text in messages.

    Raises `SalesOpsError` with plan, component, field, value and cure where it cannot be paid on.
    """
    from salesops_helpers.comp.reading import parse
    from salesops_helpers.comp.refusals import reworded

    document, lines = parse(text, where)
    try:
        return Plan.model_validate(document)
    except ValidationError as error:
        raise reworded(error, document, lines, where) from None


def read_plans(company: Company) -> dict[str, Plan]:
    """Every plan in the company's plans folder by name, in the order of names; empty where there is none.

    Raises `SalesOpsError` where a plan cannot be paid on, its file has another name, or its amounts are too fine.
    """
    from salesops_helpers.comp.reading import read_text

    found = {}
    for path in sorted(company.plans_folder.glob(f"*{ENDING}")):
        plan = read_plan(read_text(path), path.name)
        if plan.plan != path.stem:
            raise SalesOpsError(
                f"plan file {path.name!r} holds the plan {plan.plan!r}",
                f"plan: {path.stem}",
                "name the file like the plan in it",
            )
        found[plan.plan] = fine(plan, company)
    return found


def fits(plan: Plan, company: Company) -> Plan:
    """The plan, where the company's money can pay it. Raises `SalesOpsError` for another currency or finer rounding."""
    if plan.currency != company.currency:
        raise SalesOpsError(
            f"plan {plan.plan!r}: currency = {plan.currency!r}",
            f"{company.currency}, the company's currency: costs of several plans are added up in it",
            f"write currency: {company.currency}",
        )
    return fine(plan, company)


def fine(plan: Plan, company: Company) -> Plan:
    """The plan, where its amounts are no finer than money is. Raises `SalesOpsError` otherwise."""
    if plan.currency == company.currency and plan.rounding.scale > company.minor_units:
        raise SalesOpsError(
            f"plan {plan.plan!r}: rounding.scale = {plan.rounding.scale}",
            f"at most {company.minor_units}, the decimals of {company.currency}",
            f"write scale: {company.minor_units}",
        )
    return plan


def choose(plans: dict[str, Plan], name: str) -> Plan:
    """The plan called `name`. Raises `SalesOpsError` where there is none."""
    if name not in plans:
        raise SalesOpsError(
            f"no plan is called {name!r}",
            listed(plans) or "(the plans folder holds none)",
            "name a plan file of the plans folder, without .yaml",
        )
    return plans[name]
