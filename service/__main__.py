"""The command line: what can be asked for, and how. What is done is in `service.cli`, one file per command.

Each command imports its file when it is called: the engine, the trainer and A2A take seconds to import, and nobody who
reads `--help` should wait for them.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from service.errors import ServiceError


def _show_version(wanted: bool) -> None:
    if wanted:
        print(version("innerloop"))
        raise typer.Exit


def _utf8(text: str | None) -> str | None:
    """What is said to an agent; a terminal may be set to another encoding."""
    try:
        (text or "").encode()
    except UnicodeEncodeError as error:
        raise typer.BadParameter("not UTF-8") from error
    return text


AgentFolder = Annotated[Path, typer.Argument(help="Folder with an agent.yaml.", show_default=False, resolve_path=True)]
DatabaseAgent = Annotated[
    Path | None,
    typer.Argument(
        help="Folder of the agent, if INNERLOOP_DATABASE is not set.", show_default=False, resolve_path=True
    ),
]
Url = Annotated[str, typer.Argument(help="Where the agent's card is found, such as http://127.0.0.1:8001.")]
EngineName = Annotated[str, typer.Option(help="vllm, or MODULE:FUNCTION that makes another one.", hidden=True)]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
model_app = typer.Typer(help="Weights.", no_args_is_help=True)
train_app = typer.Typer(help="Tuning.", no_args_is_help=True)
db_app = typer.Typer(help="The database of conversations and tasks.", no_args_is_help=True)
app.add_typer(model_app, name="model")
app.add_typer(train_app, name="train")
app.add_typer(db_app, name="db")


@app.callback()
def _innerloop(
    version: Annotated[
        bool, typer.Option("--version", help="Show the program's version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Agents whose tools run inside their own decode loop, behind A2A."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status. What is wrong with the input is said in one line."""
    if os.getpid() == 1:
        # In a container. The kernel keeps from process 1 every signal that it does not handle.
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        return int(app(arguments, prog_name="innerloop", standalone_mode=False) or 0)
    except (TyperException, ServiceError) as error:
        # No message: it has shown the help.
        if line := error.format_message() if isinstance(error, TyperException) else str(error):
            print(f"innerloop: {' '.join(line.split())}", file=sys.stderr)
        return 2


@app.command()
def serve(
    agent: AgentFolder,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="0 takes a free one.", show_default="8000", min=0, max=65535)] = None,
    public_url: Annotated[
        str | None, typer.Option(help="Where other agents reach this one.", show_default="http://HOST:PORT")
    ] = None,
    grpc_port: Annotated[
        int | None, typer.Option(help="Serves gRPC there too; 0 takes a free port.", min=0, max=65535)
    ] = None,
    management_port: Annotated[
        int | None, typer.Option(help="Serves probes and metrics there, to anybody.", min=0, max=65535)
    ] = None,
    engine: EngineName = "vllm",
) -> int:
    """Serves an agent over A2A.

    The model is got ready first, which takes a minute the first time. Ctrl-C lets running turns end; a second one
    does not.

    Examples:
      innerloop serve agents/contracts --port 8002
      innerloop serve agents/procurement --host 0.0.0.0 --public-url https://orders.example.com
    """
    from service.cli import serve

    return serve.run(agent, host, port, public_url, grpc_port, management_port, engine)


@app.command()
def ask(
    url: Url,
    text: Annotated[str, typer.Argument(help="What to say.", show_default=False, callback=_utf8)],
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for machines.")] = False,
    context: Annotated[
        str | None, typer.Option(help="Conversation to go on with, as an earlier answer named it.", callback=_utf8)
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="Task that has asked something, which this answers.", callback=_utf8)
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="File with a bearer token, which only the origin of URL gets to see.")
    ] = None,
    token_header: Annotated[
        str | None,
        typer.Option(help="Header for what is in that file, as for an API key.", show_default="Authorization"),
    ] = None,
    direct: Annotated[
        bool, typer.Option("--direct", help="Ask at the origin of URL, though the card may say another.")
    ] = False,
) -> int:
    """Asks an agent and shows its turn as it happens: text, tools, other agents, the answer.

    The exit status is 0 if the task was completed, 1 if it was not, 2 if it could not be asked for, 3 if it asks back.
    Ctrl-C cancels the task. An agent that is away meanwhile is waited for.

    Examples:
      innerloop ask http://127.0.0.1:8002 "Does Titan Labs bear the tariffs?"
      innerloop ask http://127.0.0.1:8001 "Order 5 more" --context 6f1c2a44
      innerloop ask http://127.0.0.1:8001 "Who handles freight bookings?" --json
      innerloop ask https://orders.example.com "Order 5 more" --token-file key --token-header X-API-Key
    """
    if token_header and not token_file:
        raise typer.BadParameter("it is for what is in --token-file", param_hint="--token-header")
    from service.cli import ask
    from service.outbound.credentials import Credential

    credential = Credential(url, token_file, token_header) if token_file else None
    return ask.run(url, text, context, task, json, credential, direct=direct)


@app.command()
def card(
    url: Url,
    keys: Annotated[Path | None, typer.Option(help="A JWK set; one of its keys must have signed the card.")] = None,
) -> int:
    """Shows an agent's card, and whether it is signed.

    Example:
      innerloop card http://127.0.0.1:8001
    """
    from service.cli import card

    return card.run(url, keys)


@app.command()
def demo(
    question: Annotated[
        str | None, typer.Option(help="Ask this instead; then only that it was answered is checked.", callback=_utf8)
    ] = None,
    port: Annotated[
        int, typer.Option(help="Port of the first agent; the second has the next one.", min=1, max=65534)
    ] = 8001,
    engine: EngineName = "vllm",
) -> int:
    """Starts two agents, asks one of them, and checks what came of it.

    The question takes a purchase order, which is a row in a database, and a look at a contract, which is another
    agent's work. The exit status is 0 only if both came out right.

    Examples:
      innerloop demo
      innerloop demo --question "Who handles freight bookings?"
    """
    from service.cli import demo

    return demo.run(question, port, engine)


@app.command()
def eval(
    agent: AgentFolder,
    limit: Annotated[int, typer.Option(help="Tasks of each split.", min=1)] = 200,
    split: Annotated[
        str | None, typer.Option(help="entities or phrasings: what was never seen.", show_default="both")
    ] = None,
    base: Annotated[bool, typer.Option(help="Also the model before its tuning.")] = True,
    live: Annotated[
        bool | None, typer.Option("--live/--turn", help="In this form, whichever it is served in.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the tasks.")] = 99,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
    record: Annotated[
        Path | None, typer.Option(help="Results file that gets a line, with command, versions and machine.")
    ] = None,
    failures: Annotated[
        Path | None, typer.Option(help="File that gets a line of JSON for each task that was not solved.")
    ] = None,
) -> int:
    """Runs held-out tasks through an agent and counts what was solved, next to the untuned model.

    Examples:
      innerloop eval agents/contracts
      innerloop eval agents/procurement --limit 20 --split phrasings --no-base --failures failed.jsonl
    """
    from service.cli import evaluate

    return evaluate.run(agent, limit, split, base, live, seed, json, record, failures)


@model_app.command()
def prepare(agent: AgentFolder) -> int:
    """Gets an agent's weights ready and prints their folder.

    Example:
      innerloop model prepare agents/contracts
    """
    from service.cli import prepare

    return prepare.run(agent)


@train_app.command()
def sft(
    agent: AgentFolder,
    further: Annotated[bool, typer.Option("--further", help="Go on from the adapter that is there.")] = False,
    demonstrations: Annotated[int | None, typer.Option(help="Conversations to learn from.", min=1)] = None,
    epochs: Annotated[int | None, typer.Option(help="How often each is seen.", min=1)] = None,
    batch: Annotated[int | None, typer.Option(help="Conversations of one step.", min=1)] = None,
    learning_rate: Annotated[float | None, typer.Option(help="At its highest.")] = None,
    control_weight: Annotated[
        float | None, typer.Option(help="Of a control token's loss against another's.", min=0, max=100)
    ] = None,
    live: Annotated[
        float | None, typer.Option(help="Share of the demonstrations in the live format.", min=0, max=1)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the demonstrations and the training.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the adapter goes.", show_default="AGENT/adapter", resolve_path=True)
    ] = None,
) -> int:
    """Trains an agent's adapter on its own generator's demonstrations.

    With no options, an adapter is made again as its recipe.json says. With some, or --further, one round is trained;
    what is not given is as in the last one. An interrupted training goes on where it was when the same command is
    given.

    Examples:
      innerloop train sft agents/contracts
      innerloop train sft agents/contracts --further
      innerloop train sft agents/procurement --demonstrations 500 --out /tmp/adapter
    """
    from service.cli import train

    return train.run(
        agent,
        out,
        further,
        demonstrations=demonstrations,
        epochs=epochs,
        batch=batch,
        learning_rate=learning_rate,
        control_weight=control_weight,
        live=live,
        seed=seed,
    )


@db_app.command()
def upgrade(agent: DatabaseAgent = None) -> int:
    """Brings a database to this program's version.

    A SQLite file is also brought there when it is served; PostgreSQL only by this, once it has tables. What has the
    version already, or a later one, stays as it is. Any number of these may run at once.

    Examples:
      INNERLOOP_DATABASE=postgresql+asyncpg://… innerloop db upgrade
      innerloop db upgrade agents/contracts
    """
    from service.cli import database

    return database.upgrade(agent)


@db_app.command()
def current(agent: DatabaseAgent = None) -> int:
    """Shows which version a database has, and which this program.

    The exit status is 0 if the program can work with the database as it is, and 1 if not.

    Examples:
      INNERLOOP_DATABASE=postgresql+asyncpg://… innerloop db current
      innerloop db current agents/contracts
    """
    from service.cli import database

    return database.current(agent)


@db_app.command()
def backup(
    to: Annotated[Path, typer.Option(help="File that gets the copy.", show_default=False)],
    agent: DatabaseAgent = None,
) -> int:
    """Copies a SQLite database as it is now, also while it is served.

    To restore it, stop the agent, put the copy in the place of the file, and remove what SQLite had beside that:
    FILE-wal and FILE-shm.

    Example:
      innerloop db backup agents/contracts --to contracts.sqlite3
    """
    from service.cli import database

    return database.backup(agent, to)


if __name__ == "__main__":
    sys.exit(main())
