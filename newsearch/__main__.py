"""`python -m newsearch` is the command too."""

from newsearch.cli.main import run

if __name__ == "__main__":
    run()
