"""Starts the command line."""

import gc
import os


def main() -> None:
    """Run the command line."""
    # What an import makes stays; at the usual pace a quarter of each start went into looking through it for garbage.
    gc.set_threshold(100_000, 20, 50)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy, which openpyxl brings: its threads would spin
    from server.commands.line import app

    app()


if __name__ == "__main__":
    main()
