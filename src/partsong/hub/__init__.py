"""The hub: where reports come in and frames go out. It joins the rooms and touches the world; nothing below it does.

`settings` is read once and handed down, `clock` tells the time, `intake` decides about reports without touching a
socket, `store` keeps what was decided, `fanout` sends frames, `compose` joins them, `app` gives them an address and
`serve` a process.
"""
