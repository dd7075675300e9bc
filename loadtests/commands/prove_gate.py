"""`windtunnel load prove-gate`: known changes through the gate, with the rates of false alarms and of detection."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from loadtests.commands.gate_options import (
    DEFAULT_LOOKS,
    DEFAULT_MARGIN,
    DEFAULT_MESSAGES,
    LooksOption,
    MarginOption,
    MessagesOption,
    SizeOption,
    TreeTemplateOption,
    check_template,
    parse_rule,
    round_progress,
)
from loadtests.commands.options import JsonOption, ReportsOption, print_json
from loadtests.console import new_console
from loadtests.exit_codes import ExitCode
from loadtests.failures import UsageError
from loadtests.gate.checkout import root
from loadtests.gate.proof import CASES, FURTHER_CASES, Proof, Trial, prove
from loadtests.gate.rounds import Plan
from loadtests.opening import DEFAULT_TEMPLATE
from loadtests.sizes import parse_size

__all__ = ["prove_gate"]


def prove_gate(
    repeats: Annotated[int, typer.Option(min=1, help="Times that each case goes through the gate.")] = 1,
    case: Annotated[
        list[str] | None,
        typer.Option(help=f"One of {', '.join((*CASES, *FURTHER_CASES))}; repeat. Default: {', '.join(CASES)}."),
    ] = None,
    percent: Annotated[
        float, typer.Option(min=0.1, help="How much longer the slowed handler takes, in percent of its own time.")
    ] = 20.0,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="Begin no trial that would not be over by then. Default: all of them.")
    ] = None,
    template: TreeTemplateOption = DEFAULT_TEMPLATE,
    margin: MarginOption = DEFAULT_MARGIN,
    looks: LooksOption = DEFAULT_LOOKS,
    size: SizeOption = "256KiB",
    messages: MessagesOption = DEFAULT_MESSAGES,
    reports: ReportsOption = Path("reports"),
    json_output: JsonOption = False,
) -> None:
    """Send known changes through the gate, and say how often it was right: identical trees, a slower handler, an extra call.

    Example: `windtunnel load prove-gate --repeats 10 --minutes 25`. Exit code 1 where the gate was wrong once.
    """
    known = (*CASES, *FURTHER_CASES)
    unknown = sorted(set(case or ()) - set(known))
    if unknown:
        raise UsageError(f"there is no case {', '.join(unknown)}: {', '.join(known)}")
    console = new_console(stderr=json_output)
    check_template(template)

    rule = parse_rule(margin, looks)
    trials: list[Trial] = []

    def tell(trial: Trial) -> None:
        word = {True: "right", False: "WRONG", None: "open "}[trial.right]
        detail = trial.detail or "no difference"
        console.print(
            f"  {word}  {trial.case}: {trial.finding} in {trial.seconds:.0f} s: {detail}",
            highlight=False,
            soft_wrap=True,
        )
        trials.append(trial)
        # After each one: whoever ends this, what it has shown so far is kept.
        _write(Proof(percent, tuple(trials), repeats, rule), reports)

    plan = Plan(template, parse_size(size), messages)
    proof = prove(root(), plan, rule, repeats, case or CASES, percent, tell, minutes, round_progress(console))
    for rate in proof.rates:
        console.print(rate.text, highlight=False, soft_wrap=True)
    if json_output:
        print_json(proof.to_json())
    raise typer.Exit(int(ExitCode.OK if proof.holds else ExitCode.FUNCTIONAL_FAILURE))


def _write(proof: Proof, reports: Path) -> None:
    reports.mkdir(parents=True, exist_ok=True)
    (reports / "prove-gate.json").write_bytes(orjson.dumps(proof.to_json(), option=orjson.OPT_INDENT_2))
    text = "".join(f"{rate.text}\n" for rate in proof.rates)
    (reports / "prove-gate.txt").write_text(text, encoding="utf-8")
