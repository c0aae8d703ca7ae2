"""The hub as one ASGI application: routes and sockets, guarded, with the hub's start and stop as its lifespan.

>>> app = build_app(compose(load(), SystemClock()))   # any ASGI server runs it; `hub.serve` runs uvicorn
"""

from partsong import __version__
from partsong.hub.compose import Hub
from partsong.hub.guard import App, Guard, Receive, Scope, Send
from partsong.hub.pages import Bundle
from partsong.hub.routes import Public, application


def build_app(hub: Hub, bundle: Bundle | None = None) -> App:
    """The application of a hub.

    Args:
        hub: Composed, not started: the application's lifespan starts and stops it.
        bundle: The pages; those installed when not given.
    """
    public = Public(
        space=hub.task.space,
        question=hub.task.question,
        tasks=(hub.task.canonical().decode(),),
        clock=hub.clock,
        fanout=hub.fanout,
        bundle=Bundle.read() if bundle is None else bundle,
        intake=hub.intake_edge,
        watch=hub.watch_edge,
        version=__version__,
    )
    routes = application(public)
    guarded = Guard(routes, origins=hub.settings.origins, behind_proxy=hub.settings.behind_proxy)  # type: ignore[arg-type]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(hub, receive, send)
        else:
            await guarded(scope, receive, send)

    return app


async def _lifespan(hub: Hub, receive: Receive, send: Send) -> None:
    await receive()
    async with hub:
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})
