"""The connector: runs on a person's own device, knows how they feel, and lets out only what they allowed.

`session` decides and is pure; `terms` says which tasks it answers; `schedule` when it speaks; `permit` is the only thing
that may leave. `run` puts the parts together and alone knows `egress` (which alone writes, and takes permits only) and
`reader` (which reads what is public). `sources` is where affect comes from; `checks` is the suite that a source passes.
"""
