"""The commands of `flk` and their options. What they do is in a module of its own each."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

import typer

from flock.cli import print_version
from flock.cli.publications import pair_up, read_publications
from flock.cli.reporting import reported
from flock.cli.runner import run_to_end

View = Literal["focus", "lines"]
OptionalView = Literal["focus", "lines", "none"]


def _check_target(target: str) -> str:
    app, _, name = target.rpartition(":")
    if not (app and name):
        raise typer.BadParameter(f"{target!r} is not APP:OBJECT, such as app.py:flock.")
    return target


def _check_file(file: Path | None) -> Path | None:
    if file is not None and file.is_dir():  # as '' is, too
        raise typer.BadParameter("it names no file: it is empty, or a folder.")
    return file


Target = Annotated[
    str,
    typer.Argument(metavar="APP:OBJECT", help="A module or file, and the Flock in it.", callback=_check_target),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of errors.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")]

COMMANDS = ("demo", "run", "replay", "serve")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, no_args_is_help=True)


def main() -> None:
    """Run `flk` with the arguments of this process."""
    app(args=pair_up(sys.argv[1:]), prog_name="flk")


def _load_server() -> None:
    """Load the server before the event loop runs, which hears of a Ctrl-C only once it gets its turn."""
    import_module("flock.server.serving")


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        print_version()
        raise typer.Exit


@app.callback()
def flk(
    ctx: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Agents that stream side by side."""
    if debug:
        ctx.default_map = {command: {"debug": True} for command in COMMANDS}


@app.command()
def demo(
    *,
    terminal: Annotated[bool, typer.Option("--terminal", help="Show it here instead of serving it.")] = False,
    exit_after: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="End after so many seconds.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Port to listen on; 0 picks a free one. [default: 8000, or a free one if it is taken]",
        ),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the browser, where there is one.")] = True,
    debug: Debug = False,
) -> None:
    """Watch eight agents write at once, with a simulated model: no key, no network."""
    with reported(is_debug=debug):
        from flock.cli.demo import serve_demo, show_demo

        if terminal:
            run_to_end(show_demo(exit_after))
        else:
            _load_server()
            run_to_end(serve_demo(port, exit_after, opens_browser=browser))


@app.command()
def run(
    target: Target,
    *,
    publish: Annotated[
        list[str] | None,
        typer.Option("--publish", metavar="TYPE JSON", help="Publish an artifact of this type; may be repeated."),
    ] = None,
    view: Annotated[OptionalView | None, typer.Option(help="How to show the streams. [default: focus]")] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", allow_dash=True, help="Write all events to this file, one per line.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Give up after so many seconds.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Publish artifacts, run until nothing is left to do, and show it in the terminal."""
    if not publish:
        raise typer.BadParameter("give at least one TYPE and JSON.", param_hint="--publish")
    to_stdout = record == Path("-")
    if to_stdout and view not in (None, "none"):
        raise typer.BadParameter("the recording goes to the standard output, so --view must be none.")
    with reported(is_debug=debug):
        from flock.cli.run import run_app
        from flock.cli.target import load

        publications = read_publications(publish)
        shown: View | None = None if to_stdout or view == "none" else view or "focus"
        code = run_to_end(run_app(load(target), publications, view=shown, record=record, timeout_s=timeout))
    raise typer.Exit(code)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `flk run --record` wrote.")],
    *,
    speed: Annotated[float, typer.Option(min=0, help="2 is twice as fast, 0 as fast as it goes.")] = 1.0,
    view: Annotated[View, typer.Option(help="How to show the streams.")] = "focus",
    debug: Debug = False,
) -> None:
    """Show a recording in the terminal, with the rhythm it had."""
    with reported(is_debug=debug):
        from flock.cli.play import play

        run_to_end(play(file, view=view, speed=speed))


@app.command()
def serve(
    target: Target,
    *,
    dashboard: Annotated[bool, typer.Option(help="Serve the web page, too.")] = False,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    token: Annotated[
        str | None, typer.Option(help="What clients must send. [default: $FLOCK_TOKEN, or random]")
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="FLOCK_SETTINGS",
            help="A TOML file with further tokens, hosts and origins.",
            callback=_check_file,
        ),
    ] = None,
    insecure_no_auth: Annotated[
        bool, typer.Option("--insecure-no-auth", help="Let everybody in who reaches the port.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Serve a flock over REST, WebSocket and SSE until it is interrupted."""
    with reported(is_debug=debug):
        from flock.cli.serve import serve_app
        from flock.cli.target import load
        from flock.hosting import Access
        from flock.server.settings_file import FileSettings, read_settings

        read = FileSettings() if settings is None else read_settings(settings)
        access: Access = {
            "token": token,
            "tokens": read.tokens,
            "insecure_no_auth": insecure_no_auth,
            "allowed_hosts": read.allowed_hosts,
            "allowed_origins": read.allowed_origins,
        }
        flock = load(target)
        _load_server()
        run_to_end(serve_app(flock, dashboard=dashboard, host=host, port=port, access=access))
