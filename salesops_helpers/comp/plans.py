"""Pay plans as data: one strict model of the YAML file, and the reading of a company's plans folder.

A plan says *what is measured* (components), *over which span* (period), *how it turns into pay* (payout) and *how it is
rounded*. Whatever the engine does not compute is refused here, never left out of the pay.
"""

from __future__ import annotations

from pathlib import Path
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


def one_span(plan: Plan) -> list[Plan]:
    """The plan as plans that measure one span each, with the gates and modifiers that belong to it."""
    parts = []
    for span in dict.fromkeys(plan.span(c) for c in plan.components):
        components = [c for c in plan.components if plan.span(c) == span]
        ids = {c.id for c in components}
        gates = [g for g in plan.gates if g.effect.component in ids]
        inside = [m for m in (plan.modifiers.of if plan.modifiers else ()) if ids & set(m.on)]
        parts.append(
            plan.model_copy(
                update={
                    "components": components,
                    "gates": gates,
                    "period": plan.period.model_copy(update={"measure": span}),
                    "modifiers": plan.modifiers.model_copy(update={"of": inside}) if inside else None,
                }
            )
        )
    return parts


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
    """Every plan in the company's plans folder by name, its latest version, in the order of names; empty where there is
    none. Raises as `read_versions`."""
    return {name: versions[-1] for name, versions in read_versions(company).items()}


def read_versions(company: Company) -> dict[str, list[Plan]]:
    """Every version of every plan in the company's plans folder, by name, in the order of their days.

    A file is called like its plan (``NAME.yaml``); further versions ``NAME.v2.yaml`` and so on.

    Raises `SalesOpsError` where a plan cannot be paid on, its file has another name, its amounts are too fine, or
    versions overlap or leave days uncovered.
    """
    from salesops_helpers.comp.reading import read_text

    found: dict[str, list[Plan]] = {}
    for path in sorted(company.plans_folder.glob(f"*{ENDING}")):
        plan = read_plan(read_text(path), path.name)
        name, _, version = path.stem.partition(".v")
        if plan.plan != name or (version and version != str(plan.version)):
            wanted = plan.plan if name != plan.plan else f"{plan.plan}.v{plan.version}"
            raise SalesOpsError(
                f"plan file {path.name!r} holds the plan {plan.plan!r}"
                + (f" in version {plan.version}" if name == plan.plan else ""),
                f"plan: {path.stem}" if name != plan.plan else f"a file called {wanted}{ENDING}",
                "name the file like the plan in it",
            )
        found.setdefault(plan.plan, []).append(fine(plan, company))
    return {name: in_order(versions) for name, versions in sorted(found.items())}


def of_company(file: Path, source: Path | None = None) -> tuple[Company, Plan]:
    """A plan's file in the plans folder of its company, and the company: `source`, else the nearest one above the file.

    Raises `SalesOpsError` where there is no such company or the file is not in its plans folder, and as
    `read_versions`.
    """
    from salesops_helpers.comp.reading import read_text
    from salesops_helpers.data.company import read_company
    from salesops_helpers.data.home import FILE_NAME

    path = file.resolve()
    above = next((folder for folder in path.parents if (folder / FILE_NAME).is_file()), None)
    if source is None and above is None:
        raise SalesOpsError(f"no folder above {file} holds {FILE_NAME}", "a plan in the plans folder of a company",
                            "name the company's folder with --company")
    company = read_company(above if source is None else source)
    if path.parent != company.plans_folder.resolve():
        raise SalesOpsError(f"{file} is not in the plans folder of {company.name}", str(company.plans_folder),
                            "move the file there, or name another company with --company")
    one = read_plan(read_text(path), path.name)
    versions = read_versions(company)[one.plan]
    return company, next(version for version in versions if version.version == one.version)


def in_order(versions: list[Plan]) -> list[Plan]:
    """Versions of one plan by their days. Raises `SalesOpsError` where they overlap or leave days uncovered."""
    versions = sorted(versions, key=lambda plan: plan.effective.first)
    for one, two in zip(versions, versions[1:], strict=False):
        apart = (two.effective.first - one.effective.last).days
        if one.version == two.version:
            raise SalesOpsError(f"plan {one.plan!r} has two files of version {one.version}", "one file a version",
                                "give one of them the next number")
        if apart != 1:
            what = "overlap" if apart < 1 else "leave days uncovered"
            raise SalesOpsError(
                f"versions {one.version} and {two.version} of plan {one.plan!r} {what}: "
                f"{one.effective.last} and {two.effective.first}",
                "a version that begins on the day after the one before it ends",
                "change effective of one of them",
            )
    return versions


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
