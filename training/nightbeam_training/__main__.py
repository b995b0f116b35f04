"""The command `nightbeam-train`, also as `python -m nightbeam_training`."""

import sys
from importlib.util import find_spec

TORCH_IS_MISSING = """error: PyTorch is not installed. For a processor:
  pip install torch --index-url https://download.pytorch.org/whl/cpu
For an NVIDIA GPU (3 GB):
  pip install 'nightbeam-training[torch]'"""


def main() -> None:
    """Runs the command line, or says how to install PyTorch."""
    if find_spec("torch") is None:
        print(TORCH_IS_MISSING, file=sys.stderr)
        sys.exit(2)
    from nightbeam_training.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
