"""`python -m stress`."""

import sys

INTERRUPTED = 130

# Worker processes import this module again under another name.
if __name__ == "__main__":
    try:
        from stress.cli import main

        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
