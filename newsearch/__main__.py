"""`python -m newsearch` is the command too."""

import sys

from newsearch.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
