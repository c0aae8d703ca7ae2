"""`python -m partsong` is `partsong`."""

from partsong.cli.main import main

main()
