"""`python -m nightbeam_training` is `nightbeam-train`."""

from nightbeam_training.cli.main import main

main()
