"""Makes `python -m newsearch` run the command."""

from newsearch.cli.main import run

if __name__ == "__main__":
    run()
